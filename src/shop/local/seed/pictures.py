"""The shop's pictures, drawn here: a thing on a table in soft light. Shapes are in `shapes`, colours here."""

from dataclasses import dataclass

from shop.local.seed.shapes import SHAPES

__all__ = ["CONTENT_TYPE", "EDGE", "PALETTES", "SHAPES", "SIZES", "Drawing"]

CONTENT_TYPE = "image/svg+xml"
EDGE = 1000  # pixels, of the original
SIZES = {"original": EDGE, "medium": 480, "small": 160}
# Ground, light, the thing, its shade, its accent. Quiet colours that stand side by side.
PALETTES = (
    ("#f3ebdd", "#fff8ec", "#c8553d", "#8f3526", "#f2b56b"),
    ("#e3ecec", "#f5fbfa", "#2f6f73", "#1d4a4d", "#e9c46a"),
    ("#ece6f0", "#faf6fc", "#6b5b95", "#463a68", "#e7a977"),
    ("#e8eddc", "#f7faee", "#6a8d4f", "#44612f", "#d9a441"),
    ("#f1e4e1", "#fdf5f3", "#3d405b", "#25273a", "#e07a5f"),
    ("#efe6da", "#faf5ec", "#9a6b43", "#6b4526", "#e6c58f"),
    ("#e4edf5", "#f6fafd", "#6fa3cf", "#3f6f9b", "#f2d479"),
    ("#d9e0de", "#edf2f0", "#fdfbf6", "#9aa6a3", "#d98e73"),
)
RED, TEAL, VIOLET, GREEN, NAVY, EARTH, SKY, WHITE = range(len(PALETTES))


@dataclass(frozen=True, slots=True)
class Drawing:
    """A shape in some colours; S3 has it in its three sizes."""

    shape: str
    palette: int

    @property
    def folder(self) -> str:
        """Where S3 has it."""
        return f"seed/{self.shape}-{self.palette}"

    def svg(self, edge: int) -> bytes:
        """The picture, `edge` pixels wide and high; the colours tell where the light stands, too."""
        ground, light, colour, dark, accent = PALETTES[self.palette]
        shape = SHAPES[self.shape]
        for name, value in (("{c}", colour), ("{d}", dark), ("{a}", accent), ("{l}", light)):
            shape = shape.replace(name, value)
        sun = 0.3 + self.palette * 0.17 % 0.4
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" width="{edge}" height="{edge}">'
            f'<defs><radialGradient id="g" cx="{sun:.2f}" cy=".3" r=".9"><stop offset="0" stop-color="{light}"/>'
            f'<stop offset="1" stop-color="{ground}"/></radialGradient></defs>'
            f'<rect width="400" height="400" fill="url(#g)"/>'
            f'<path d="M0 300q200-24 400 0v100H0z" fill="{dark}" opacity=".07"/>{shape}</svg>'
        ).encode()
