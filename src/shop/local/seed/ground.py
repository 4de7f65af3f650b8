"""What several shapes stand on."""

__all__ = ["STEAM", "foot"]

STEAM = '<path d="M166 {y}q-12-18 0-36M206 {y}q-12-18 0-36M246 {y}q-12-18 0-36" stroke="{d}" stroke-width="6" fill="none" stroke-linecap="round" opacity=".3"/>'


def foot(width: int) -> str:
    """The shadow on the table of something so wide, to either side."""
    return f'<ellipse cx="200" cy="322" rx="{width}" ry="14" fill="{{d}}" opacity=".16"/>'
