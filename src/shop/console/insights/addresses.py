"""IP addresses in SQL: as 32 or 128 characters of 0 and 1, of which a subnet is the beginning."""

__all__ = ["in_subnet", "in_subnet_4", "in_subnet_6", "valid_4", "valid_6"]

OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
FOUR = rf"{OCTET}(\.{OCTET}){{3}}"
GROUP = "[0-9a-fA-F]{1,4}"


def valid_4(address: str) -> str:
    """Four numbers up to 255."""
    return f"coalesce(regexp_full_match({address}, '{FOUR}'), false)"


def valid_6(address: str) -> str:
    """Eight groups of hexadecimal digits; :: once, for one or more groups of zeros."""
    groups = f"len(list_filter(string_split({address}, ':'), lambda part: part <> ''))"
    return (
        f"coalesce(CASE WHEN contains({address}, '::')"
        f" THEN regexp_full_match({address}, '(({GROUP}:)*{GROUP})?::(({GROUP}:)*{GROUP})?') AND {groups} <= 7"
        f" ELSE regexp_full_match({address}, '({GROUP}:){{7}}{GROUP}') END, false)"
    )


def bits_4(address: str) -> str:
    """The 32 bits of an address."""
    parts = f"string_split({address}, '.')"
    return f"array_to_string(list_transform({parts}, lambda part: lpad(bin(TRY_CAST(part AS UTINYINT)), 8, '0')), '')"


def bits_6(address: str) -> str:
    """The 128 bits of an address."""

    def groups(half: str) -> str:
        kept = f"list_filter(string_split({half}, ':'), lambda part: part <> '')"
        as_bits = "lambda part: lpad(bin(TRY_CAST(concat('0x', part) AS USMALLINT)), 16, '0')"
        return f"array_to_string(list_transform({kept}, {as_bits}), '')"

    left = groups(f"split_part({address}, '::', 1)")
    right = groups(f"split_part({address}, '::', 2)")
    return f"concat(rpad({left}, CAST(128 - length({right}) AS INTEGER), '0'), {right})"


def in_subnet_4(address: str, net: str) -> str:
    """An IPv4 address within a subnet such as 192.0.2.0/24."""
    base, prefix = f"split_part({net}, '/', 1)", f"TRY_CAST(split_part({net}, '/', 2) AS INTEGER)"
    return (
        f"coalesce(CASE WHEN {valid_4(address)} AND {valid_4(base)} AND {prefix} BETWEEN 0 AND 32"
        f" THEN left({bits_4(address)}, {prefix}) = left({bits_4(base)}, {prefix}) END, false)"
    )


def in_subnet_6(address: str, net: str) -> str:
    """An IPv6 address within a subnet such as 2001:db8::/32."""
    base, prefix = f"split_part({net}, '/', 1)", f"TRY_CAST(split_part({net}, '/', 2) AS INTEGER)"
    return (
        f"coalesce(CASE WHEN {valid_6(address)} AND {valid_6(base)} AND {prefix} BETWEEN 0 AND 128"
        f" THEN left({bits_6(address)}, {prefix}) = left({bits_6(base)}, {prefix}) END, false)"
    )


def in_subnet(address: str, net: str) -> str:
    """An address within a subnet, both of one family."""
    return f"({in_subnet_4(address, net)} OR {in_subnet_6(address, net)})"
