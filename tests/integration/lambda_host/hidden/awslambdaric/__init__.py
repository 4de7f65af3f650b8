raise ImportError("as on a machine without the wheel")
