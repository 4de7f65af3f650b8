"""The shop on its way to AWS: packages of its functions and images, and what is done there once."""
