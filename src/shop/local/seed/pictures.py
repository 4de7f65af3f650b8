"""The shop's pictures, drawn here: a thing on a table in soft light, one shape for each category, colours by product."""

from dataclasses import dataclass

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
FOOT = '<ellipse cx="200" cy="322" rx="{rx}" ry="14" fill="{d}" opacity=".16"/>'

SHAPES = {
    "pans": FOOT.replace("{rx}", "130")
    + '<path d="M262 236l108-44q12-4 14 6t-8 14l-104 44z" fill="{d}"/><ellipse cx="170" cy="246" rx="124" ry="60" fill="{d}"/>'
    '<ellipse cx="170" cy="232" rx="124" ry="58" fill="{c}"/><ellipse cx="170" cy="234" rx="100" ry="44" fill="{d}"/>'
    '<path d="M120 232q14-34 48-24t40 10 6 34-44 18-50-38z" fill="#fff"/><circle cx="164" cy="232" r="16" fill="{a}"/>',
    "pots": FOOT.replace("{rx}", "120")
    + '<path d="M84 190h232v86q0 40-40 40H124q-40 0-40-40z" fill="{c}"/><path d="M84 190h232v22H84z" fill="{d}" opacity=".35"/>'
    '<path d="M60 208h28v26H66q-10 0-10-12t4-14zM312 208h28q6 2 4 14t-10 12h-22z" fill="{d}"/>'
    '<path d="M92 184q10-44 108-44t108 44z" fill="{c}"/><path d="M92 184q10-44 108-44t108 44z" fill="#fff" opacity=".18"/>'
    '<circle cx="200" cy="130" r="14" fill="{a}"/><path d="M150 108q-10-16 0-30M200 100q-10-16 0-32M250 108q-10-16 0-30" stroke="{d}" stroke-width="6" fill="none" stroke-linecap="round" opacity=".3"/>',
    "bowls": FOOT.replace("{rx}", "110")
    + '<path d="M70 180h260q-4 112-92 134h-76Q74 292 70 180z" fill="{c}"/><ellipse cx="200" cy="180" rx="130" ry="30" fill="{d}"/>'
    '<ellipse cx="200" cy="184" rx="112" ry="22" fill="#fff"/><path d="M96 226q50 26 104 26t104-26" stroke="{a}" stroke-width="7" fill="none"/>'
    '<path d="M120 262q40 16 80 16t80-16" stroke="#fff" stroke-width="4" fill="none" opacity=".6"/><path d="M166 312h68v12h-68z" fill="{d}"/>',
    "cups": FOOT.replace("{rx}", "96")
    + '<path d="M262 186h24q44 0 44 42t-44 42h-24" fill="none" stroke="{d}" stroke-width="18"/><path d="M106 150h170v120q0 46-46 46h-78q-46 0-46-46z" fill="{c}"/>'
    '<ellipse cx="191" cy="150" rx="85" ry="20" fill="{d}"/><ellipse cx="191" cy="152" rx="72" ry="14" fill="{a}"/><path d="M106 220h170v16H106z" fill="#fff" opacity=".55"/>'
    '<path d="M166 118q-12-18 0-36M212 118q-12-18 0-36" stroke="{d}" stroke-width="7" fill="none" stroke-linecap="round" opacity=".3"/>',
    "beans": FOOT.replace("{rx}", "100")
    + '<path d="M118 110h164l14 206H104z" fill="{c}"/><path d="M118 110h164l-8-26q-74-18-148 0z" fill="{d}"/><rect x="138" y="170" width="124" height="92" rx="8" fill="#fff"/>'
    '<ellipse cx="182" cy="216" rx="22" ry="30" fill="{d}" transform="rotate(24 182 216)"/><path d="M172 192q18 22 12 48" stroke="#fff" stroke-width="4" fill="none"/>'
    '<ellipse cx="226" cy="220" rx="18" ry="25" fill="{a}" transform="rotate(-18 226 220)"/><path d="M230 198q-14 22-2 44" stroke="#fff" stroke-width="4" fill="none"/>',
    "drippers": FOOT.replace("{rx}", "92")
    + '<path d="M92 96h216l-72 108h-72z" fill="{c}"/><path d="M126 96l44 108M200 96v108M274 96l-44 108" stroke="#fff" stroke-width="4" opacity=".45"/>'
    '<rect x="120" y="204" width="160" height="14" rx="7" fill="{d}"/><path d="M146 218h108l18 74q4 24-22 24H150q-26 0-22-24z" fill="{l}" stroke="{d}" stroke-width="5"/>'
    '<path d="M136 270h128l6 24q2 18-20 18H150q-22 0-20-18z" fill="{a}"/><ellipse cx="200" cy="98" rx="96" ry="14" fill="{d}"/>',
    "leaves": FOOT.replace("{rx}", "92")
    + '<rect x="124" y="122" width="152" height="194" rx="14" fill="{c}"/><rect x="118" y="104" width="164" height="46" rx="12" fill="{d}"/>'
    '<path d="M200 286q-52-40-18-100 52 10 46 60-4 26-28 40z" fill="{a}"/><path d="M198 280q-4-50-10-84" stroke="#fff" stroke-width="4" fill="none"/>'
    '<path d="M206 276q36-14 40-56-34 2-42 28" fill="{l}" opacity=".85"/>',
    "teapots": FOOT.replace("{rx}", "120")
    + '<path d="M96 226q-40-40-66-46l-4 20q30 20 52 72z" fill="{d}"/><ellipse cx="196" cy="240" rx="112" ry="78" fill="{c}"/>'
    '<path d="M296 210q60-10 54 34t-66 42" fill="none" stroke="{d}" stroke-width="18" stroke-linecap="round"/><ellipse cx="196" cy="172" rx="66" ry="16" fill="{d}"/>'
    '<circle cx="196" cy="148" r="14" fill="{a}"/><path d="M110 258q86 34 172 0" stroke="#fff" stroke-width="5" fill="none" opacity=".5"/>',
    "pens": '<g transform="rotate(-38 200 210)"><rect x="40" y="190" width="220" height="40" rx="18" fill="{c}"/><rect x="176" y="190" width="16" height="40" fill="{a}"/>'
    '<rect x="60" y="180" width="96" height="10" rx="5" fill="{a}"/><path d="M258 192l84 18-84 18z" fill="{l}" stroke="{d}" stroke-width="4"/><path d="M284 210h56" stroke="{d}" stroke-width="3"/></g>'
    '<path d="M96 330q50-26 96-4t104-10" stroke="{d}" stroke-width="6" fill="none" stroke-linecap="round" opacity=".55"/>',
    "pencils": '<g transform="rotate(-58 200 200)"><rect x="70" y="146" width="200" height="34" fill="{c}"/><path d="M270 146l54 17-54 17z" fill="#f0d9b5"/><path d="M306 157l18 6-18 6z" fill="{d}"/><rect x="46" y="146" width="30" height="34" rx="8" fill="{a}"/>'
    '<rect x="90" y="206" width="190" height="34" fill="{d}"/><path d="M280 206l54 17-54 17z" fill="#f0d9b5"/><path d="M316 217l18 6-18 6z" fill="{c}"/></g>'
    '<rect x="196" y="280" width="92" height="44" rx="10" fill="#fff"/><rect x="196" y="280" width="46" height="44" rx="10" fill="{a}"/>',
    "notebooks": FOOT.replace("{rx}", "112")
    + '<rect x="104" y="84" width="192" height="236" rx="12" fill="{d}"/><rect x="112" y="78" width="192" height="236" rx="12" fill="{c}"/><rect x="112" y="78" width="30" height="236" rx="12" fill="{d}" opacity=".5"/>'
    '<rect x="172" y="128" width="104" height="60" rx="6" fill="#fff"/><path d="M186 148h76M186 166h52" stroke="{d}" stroke-width="5"/><path d="M270 314v30l12-12 12 12v-30z" fill="{a}"/>',
    "letters": FOOT.replace("{rx}", "130")
    + '<rect x="110" y="96" width="180" height="150" rx="6" fill="#fff"/><path d="M134 128h132M134 152h132M134 176h88" stroke="{d}" stroke-width="5" opacity=".5"/>'
    '<path d="M72 176l128 84 128-84v140H72z" fill="{c}"/><path d="M72 316l100-78 28 22 28-22 100 78z" fill="{d}" opacity=".35"/><circle cx="200" cy="258" r="20" fill="{a}"/>',
    "tents": '<circle cx="310" cy="104" r="26" fill="{a}"/><path d="M24 316l90-110 60 60 50-40 150 90z" fill="{d}" opacity=".18"/>'
    '<path d="M200 110l150 206H50z" fill="{c}"/><path d="M200 110l54 206H146z" fill="{d}"/><path d="M200 110l26 206h-52z" fill="{a}"/><path d="M200 110l-12-26" stroke="{d}" stroke-width="7" stroke-linecap="round"/>'
    '<path d="M40 318h320" stroke="{d}" stroke-width="6" stroke-linecap="round"/>',
    "fire": '<path d="M204 74q74 70 58 132-8 50-62 56-58-6-62-62-2-36 34-66 4 34 20 40 18-44 12-100z" fill="{a}"/><path d="M206 154q36 36 28 66-6 28-34 32-30-4-32-34 0-18 18-34 6 16 12 16 10-20 8-46z" fill="{c}"/>'
    '<path d="M92 252l224 56M308 252L84 308" stroke="{d}" stroke-width="24" stroke-linecap="round"/>'
    + FOOT.replace("{rx}", "124"),
    "bags": FOOT.replace("{rx}", "100")
    + '<path d="M160 104q0-40 40-40t40 40" fill="none" stroke="{d}" stroke-width="14"/><path d="M112 160q0-62 88-62t88 62v126q0 32-32 32H144q-32 0-32-32z" fill="{c}"/>'
    '<path d="M112 168q88 44 176 0v22q-88 44-176 0z" fill="{d}"/><rect x="140" y="222" width="120" height="74" rx="14" fill="{d}" opacity=".35"/><rect x="186" y="192" width="28" height="32" rx="6" fill="{a}"/>'
    '<path d="M96 190q-18 60 0 100M304 190q18 60 0 100" stroke="{d}" stroke-width="14" fill="none" stroke-linecap="round"/>',
    "bottles": FOOT.replace("{rx}", "70")
    + '<rect x="148" y="126" width="104" height="194" rx="26" fill="{c}"/><rect x="160" y="78" width="80" height="54" rx="12" fill="{d}"/><rect x="148" y="206" width="104" height="44" fill="{a}"/>'
    '<path d="M168 148v150" stroke="#fff" stroke-width="10" opacity=".35" stroke-linecap="round"/><path d="M178 78q0-22 22-22t22 22" fill="none" stroke="{d}" stroke-width="10"/>',
    "headphones": '<path d="M92 236q-6-140 108-140t108 140" fill="none" stroke="{d}" stroke-width="22" stroke-linecap="round"/><rect x="70" y="212" width="62" height="104" rx="28" fill="{c}"/><rect x="268" y="212" width="62" height="104" rx="28" fill="{c}"/>'
    '<rect x="116" y="222" width="26" height="84" rx="13" fill="{a}"/><rect x="258" y="222" width="26" height="84" rx="13" fill="{a}"/><path d="M172 262v8M188 246v40M204 254v24M220 240v52M236 262v8" stroke="{d}" stroke-width="7" stroke-linecap="round" opacity=".5"/>',
    "speakers": FOOT.replace("{rx}", "124")
    + '<path d="M280 150l36-82" stroke="{d}" stroke-width="7" stroke-linecap="round"/><rect x="76" y="148" width="248" height="170" rx="22" fill="{c}"/><circle cx="158" cy="234" r="58" fill="{d}"/><circle cx="158" cy="234" r="34" fill="{l}" opacity=".25"/><circle cx="158" cy="234" r="13" fill="{a}"/>'
    '<rect x="238" y="178" width="66" height="34" rx="8" fill="{l}"/><path d="M250 204v-18" stroke="{c}" stroke-width="4"/><circle cx="271" cy="258" r="26" fill="{a}"/><path d="M271 258l12-16" stroke="{d}" stroke-width="5"/>',
    "keyboards": FOOT.replace("{rx}", "150")
    + '<rect x="44" y="176" width="312" height="136" rx="20" fill="{d}"/><rect x="44" y="166" width="312" height="136" rx="20" fill="{c}"/>'
    + "".join(
        f'<rect x="{64 + column * 35}" y="{182 + row * 30}" width="28" height="23" rx="6" fill="{"{a}" if (row, column) in ((0, 0), (2, 7)) else "{l}"}"/>'
        for row in range(3)
        for column in range(8)
    )
    + '<rect x="134" y="272" width="132" height="20" rx="6" fill="{l}"/>',
    "lamps": FOOT.replace("{rx}", "96")
    + '<path d="M104 186L60 318h280l-44-132z" fill="{a}" opacity=".28"/><path d="M148 92h104l52 96H96z" fill="{c}"/><path d="M96 188h208v14H96z" fill="{d}"/><circle cx="200" cy="208" r="18" fill="{a}"/>'
    '<rect x="194" y="202" width="12" height="104" fill="{d}"/><rect x="146" y="302" width="108" height="18" rx="9" fill="{d}"/>',
}
BOOK = (
    FOOT.replace("{rx}", "110")
    + '<path d="M104 92q0-16 16-16h168q14 0 14 14v220q0 10-10 10H120q-16 0-16-16z" fill="{c}"/><path d="M104 300q0-16 16-16h182v26q0 10-10 10H120q-16 0-16-20z" fill="#fff"/>'
    '<path d="M104 92q0-16 16-16h10v208h-10q-16 0-16 16z" fill="{d}"/>'
)
COVERS = {
    "observability": '<path d="M152 220l30-46 28 30 26-64 34 40" stroke="{a}" stroke-width="9" fill="none" stroke-linecap="round" stroke-linejoin="round"/><path d="M152 246h118" stroke="#fff" stroke-width="6" opacity=".7"/>',
    "programming": '<path d="M186 148l-34 34 34 34M236 148l34 34-34 34" stroke="{a}" stroke-width="11" fill="none" stroke-linecap="round" stroke-linejoin="round"/>',
    "recipes": '<circle cx="212" cy="184" r="48" fill="#fff"/><circle cx="212" cy="184" r="34" fill="{l}"/><path d="M200 196q-8-30 14-36 24 10 10 36z" fill="{a}"/>',
    "picture-books": '<circle cx="212" cy="190" r="44" fill="{a}"/><path d="M176 164l-6-32 30 16zM248 164l6-32-30 16z" fill="{a}"/><circle cx="197" cy="186" r="6" fill="{d}"/><circle cx="227" cy="186" r="6" fill="{d}"/><path d="M200 206q12 12 24 0" stroke="{d}" stroke-width="5" fill="none" stroke-linecap="round"/>',
}
SHAPES |= {category: BOOK + cover for category, cover in COVERS.items()}


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
