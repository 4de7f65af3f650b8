"""`python -m shop.runtime.healthy URL`: whether a GET is answered with 200. What ECS asks of a container, from inside.

The image has no curl, which nothing else would need.
"""

import http.client
import sys
from urllib.parse import urlsplit

__all__ = ["main"]

PATIENCE = 2.0  # seconds


def main(address: str) -> int:
    """0: it is; 1: it is not."""
    url = urlsplit(address)
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=PATIENCE)
    try:
        connection.request("GET", url.path)
        return 0 if connection.getresponse().status == http.client.OK else 1
    except (OSError, http.client.HTTPException):
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
