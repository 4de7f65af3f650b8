"""Covers of books: those of the categories, and one of its own for every hand-picked book."""

from shop.local.seed.ground import foot

__all__ = ["COVERS"]

BOOK = (
    foot(110)
    + '<path d="M104 92q0-16 16-16h168q14 0 14 14v220q0 10-10 10H120q-16 0-16-16z" fill="{c}"/><path d="M104 300q0-16 16-16h182v26q0 10-10 10H120q-16 0-16-20z" fill="#fff"/>'
    '<path d="M104 92q0-16 16-16h10v208h-10q-16 0-16 16z" fill="{d}"/><path d="M118 302h178" stroke="{d}" stroke-width="2" opacity=".25"/>'
)
TITLE = '<path d="M160 108h112M180 124h72" stroke="{l}" stroke-width="6" stroke-linecap="round" opacity=".85"/>'
NOTE = '<path d="M{x} {y}v-30l20-6v30" stroke="{{a}}" stroke-width="5" fill="none" stroke-linejoin="round"/><ellipse cx="{x1}" cy="{y}" rx="8" ry="6" fill="{{a}}"/><ellipse cx="{x2}" cy="{y2}" rx="8" ry="6" fill="{{a}}"/>'
STARS = '<g fill="#fff"><circle cx="160" cy="120" r="3"/><circle cx="196" cy="104" r="2.5"/><circle cx="232" cy="136" r="2.5"/><circle cx="168" cy="166" r="2.5"/><circle cx="282" cy="176" r="3"/><circle cx="214" cy="112" r="2"/></g>'


def note(x: int, y: int) -> str:
    """Two quavers."""
    return NOTE.format(x=x, y=y, x1=x - 6, x2=x + 14, y2=y - 6)


ON_COVER = {
    "observability": '<path d="M152 220l30-46 28 30 26-64 34 40" stroke="{a}" stroke-width="9" fill="none" stroke-linecap="round" stroke-linejoin="round"/><path d="M152 246h118" stroke="#fff" stroke-width="6" opacity=".7"/>',
    "programming": '<path d="M186 148l-34 34 34 34M236 148l34 34-34 34" stroke="{a}" stroke-width="11" fill="none" stroke-linecap="round" stroke-linejoin="round"/>',
    "recipes": '<circle cx="212" cy="184" r="48" fill="#fff"/><circle cx="212" cy="184" r="34" fill="{l}"/><path d="M200 196q-8-30 14-36 24 10 10 36z" fill="{a}"/>',
    "picture-books": '<circle cx="212" cy="190" r="44" fill="{a}"/><path d="M176 164l-6-32 30 16zM248 164l6-32-30 16z" fill="{a}"/><circle cx="197" cy="186" r="6" fill="{d}"/><circle cx="227" cy="186" r="6" fill="{d}"/><path d="M200 206q12 12 24 0" stroke="{d}" stroke-width="5" fill="none" stroke-linecap="round"/>',
    "book-eye": TITLE
    + '<path d="M146 200q70-70 140 0-70 70-140 0z" fill="#fff"/><circle cx="216" cy="200" r="32" fill="{d}"/><path d="M196 208l12-16 10 10 16-22" stroke="{a}" stroke-width="6" fill="none" stroke-linecap="round" stroke-linejoin="round"/>',
    "book-trace": TITLE
    + '<g><rect x="148" y="154" width="136" height="14" rx="7" fill="{a}"/><rect x="160" y="178" width="62" height="14" rx="7" fill="{l}"/><rect x="174" y="202" width="38" height="14" rx="7" fill="{l}" opacity=".7"/><rect x="224" y="226" width="54" height="14" rx="7" fill="{l}"/><rect x="244" y="250" width="28" height="14" rx="7" fill="{a}"/></g>'
    '<path d="M152 168v18h8M166 192v18h8M216 168v66h8M236 240v18h8" stroke="#fff" stroke-width="3" fill="none" opacity=".6"/>',
    "book-gauge": TITLE
    + '<path d="M150 232a66 66 0 0 1 132 0" stroke="{l}" stroke-width="18" fill="none"/><path d="M150 232a66 66 0 0 1 106-52" stroke="{a}" stroke-width="18" fill="none"/><path d="M216 232l30-44" stroke="#fff" stroke-width="7" stroke-linecap="round"/><circle cx="216" cy="232" r="12" fill="#fff"/><path d="M176 258h80" stroke="#fff" stroke-width="5" stroke-linecap="round" opacity=".7"/>',
    "book-drill": TITLE
    + '<g fill="{l}"><rect x="148" y="232" width="20" height="30"/><rect x="174" y="208" width="20" height="54"/><rect x="200" y="178" width="20" height="84"/><rect x="226" y="200" width="20" height="62"/><rect x="252" y="236" width="20" height="26"/></g>'
    '<circle cx="262" cy="168" r="20" fill="#fff"/><path d="M250 154q10 14 0 28M274 154q-10 14 0 28" stroke="{a}" stroke-width="4" fill="none"/><path d="M222 152l12 6M222 172h10" stroke="{a}" stroke-width="4" stroke-linecap="round"/>',
    "book-night-watch": STARS
    + '<path d="M262 98a28 28 0 1 0 22 46 34 34 0 0 1-22-46z" fill="{a}"/><path d="M174 242q6-10 6-32 0-36 34-36t34 36q0 22 6 32z" fill="{l}"/><path d="M166 242h96" stroke="{a}" stroke-width="9" stroke-linecap="round"/><circle cx="214" cy="256" r="9" fill="{a}"/><path d="M154 190q-8 16-2 34M274 190q8 16 2 34" stroke="#fff" stroke-width="4" fill="none" stroke-linecap="round" opacity=".8"/>',
    "book-snake": TITLE
    + '<path d="M160 256h84q30 0 30-26t-30-26h-50q-28 0-28-24t28-24h44" stroke="{a}" stroke-width="19" fill="none" stroke-linecap="round"/><circle cx="244" cy="153" r="4" fill="{d}"/><path d="M256 158l18 4M268 157l8-3" stroke="#fff" stroke-width="3" stroke-linecap="round"/><path d="M176 256h.1M200 256h.1M224 256h.1M196 204h.1M220 204h.1M244 206h.1" stroke="#fff" stroke-width="7" stroke-linecap="round" opacity=".6"/>',
    "book-events": TITLE
    + '<path d="M150 250q14-60 56-54t66-36" stroke="{l}" stroke-width="5" fill="none" stroke-dasharray="3 13" stroke-linecap="round"/><g transform="rotate(-8 178 184)"><rect x="146" y="160" width="64" height="44" rx="5" fill="#fff"/><path d="M146 164l32 22 32-22" stroke="{d}" stroke-width="4" fill="none"/></g>'
    '<g transform="rotate(10 246 234)"><rect x="216" y="212" width="64" height="44" rx="5" fill="{a}"/><path d="M216 216l32 22 32-22" stroke="{d}" stroke-width="4" fill="none"/></g>',
    "book-table": TITLE
    + '<path d="M156 166v78q0 20 60 20t60-20v-78z" fill="{l}"/><path d="M156 192q0 20 60 20t60-20M156 218q0 20 60 20t60-20" stroke="{c}" stroke-width="5" fill="none"/><ellipse cx="216" cy="166" rx="60" ry="20" fill="{a}"/>',
    "book-network": TITLE
    + '<path d="M216 200l-48-34M216 200l54-28M216 200l-40 50M216 200l46 46M168 166l8 84M270 172l-8 74" stroke="#fff" stroke-width="4" opacity=".7"/><circle cx="216" cy="200" r="18" fill="{a}"/><g fill="{l}"><circle cx="168" cy="166" r="12"/><circle cx="270" cy="172" r="12"/><circle cx="176" cy="250" r="12"/><circle cx="262" cy="246" r="12"/></g>'
    '<circle cx="211" cy="197" r="2.5" fill="{d}"/><circle cx="221" cy="197" r="2.5" fill="{d}"/><path d="M210 204q6 6 12 0" stroke="{d}" stroke-width="2.5" fill="none" stroke-linecap="round"/>',
    "book-names": TITLE
    + '<g transform="rotate(-14 216 200)"><path d="M150 200l30-32h92q8 0 8 8v48q0 8-8 8h-92z" fill="{l}"/><circle cx="178" cy="200" r="8" fill="{c}"/><path d="M200 190h62M200 210h40" stroke="{a}" stroke-width="7" stroke-linecap="round"/></g><path d="M166 212q-20 10-18 34" stroke="#fff" stroke-width="4" fill="none" stroke-linecap="round"/>',
    "book-pot": TITLE
    + '<path d="M156 206h120q0 52-34 52h-52q-34 0-34-52z" fill="{l}"/><path d="M160 198q6-34 56-34t56 34z" fill="{a}"/><path d="M142 212h18M272 212h18" stroke="{l}" stroke-width="11" stroke-linecap="round"/><path d="M206 156h20v10h-20z" fill="{a}"/><path d="M176 230q10-10 20 0t20 0 20 0 20 0" stroke="{c}" stroke-width="5" fill="none" stroke-linecap="round"/>',
    "book-miso": TITLE
    + '<path d="M152 196h128q-4 56-44 66h-40q-40-10-44-66z" fill="{a}"/><ellipse cx="216" cy="196" rx="64" ry="17" fill="{l}"/><ellipse cx="216" cy="198" rx="52" ry="11" fill="#c98b4a"/><rect x="194" y="192" width="16" height="11" rx="2" fill="#fff"/><rect x="222" y="194" width="15" height="10" rx="2" fill="#fff"/><path d="M208 204l26 3" stroke="#5d8a4a" stroke-width="5" stroke-linecap="round"/><path d="M200 166q-8-12 0-24M232 166q-8-12 0-24" stroke="#fff" stroke-width="4" fill="none" stroke-linecap="round" opacity=".7"/>',
    "book-pudding": TITLE
    + '<ellipse cx="216" cy="254" rx="70" ry="14" fill="#fff"/><path d="M176 182h80l18 66q-58 14-116 0z" fill="#f4cf74"/><path d="M176 182q40-14 80 0l6 24q-10 10-18 0-8 12-18 2-10 10-20 0-10 8-18-4-8 8-18-2z" fill="#8a4b22"/><circle cx="216" cy="166" r="11" fill="{a}"/><path d="M218 156q4-14 16-16" stroke="#fff" stroke-width="3" fill="none" stroke-linecap="round"/>',
    "book-flame": STARS
    + '<path d="M220 130q44 42 34 82-6 30-38 34-34-4-38-38-2-20 20-40 4 20 12 24 12-28 10-62z" fill="{a}"/><path d="M220 184q18 18 14 36-4 16-18 18-16-2-18-18 0-10 10-20 4 8 6 8 6-10 6-24z" fill="#fff" opacity=".85"/><path d="M166 244l104 20M266 244l-104 20" stroke="{l}" stroke-width="11" stroke-linecap="round"/>',
    "book-pickles": TITLE
    + '<rect x="168" y="152" width="96" height="18" rx="6" fill="{a}"/><path d="M172 174h88q10 8 10 22v50q0 18-18 18h-72q-18 0-18-18v-50q0-14 10-22z" fill="{l}"/><g stroke="#5d8a4a" stroke-width="15" stroke-linecap="round"><path d="M188 202l-4 44M214 198v50M240 202l6 44"/></g><path d="M188 206l-4 36M214 204v38M240 206l6 36" stroke="#8fb96f" stroke-width="3" stroke-dasharray="2 8" stroke-linecap="round"/>',
    "book-span": '<rect x="146" y="112" width="140" height="34" rx="17" fill="none" stroke="{l}" stroke-width="5" stroke-dasharray="3 11" stroke-linecap="round"/><path d="M164 264q52-40 104-10" stroke="{l}" stroke-width="5" fill="none" opacity=".6"/><g transform="rotate(-6 216 214)"><path d="M196 232v18M234 232v18" stroke="{d}" stroke-width="7" stroke-linecap="round"/><rect x="170" y="190" width="92" height="44" rx="22" fill="{a}"/><circle cx="202" cy="208" r="5" fill="{d}"/><circle cx="230" cy="208" r="5" fill="{d}"/><path d="M208 218q8 8 16 0" stroke="{d}" stroke-width="4" fill="none" stroke-linecap="round"/><path d="M170 208l-18-10M262 208l18-12" stroke="{a}" stroke-width="7" stroke-linecap="round"/></g>',
    "book-cat-post": '<path d="M176 142l-4-34 30 18q14-4 28 0l30-18-4 34q8 12 8 26 0 32-48 32t-48-32q0-14 8-26z" fill="{a}"/><circle cx="198" cy="162" r="5" fill="{d}"/><circle cx="234" cy="162" r="5" fill="{d}"/><path d="M208 176q8 8 16 0M172 168l-20-4M172 176l-20 4M260 168l20-4M260 176l20 4" stroke="{d}" stroke-width="3.5" fill="none" stroke-linecap="round"/>'
    '<path d="M186 106q30-22 60 0l-2 12q-28-10-56 0z" fill="{d}"/><rect x="170" y="206" width="92" height="60" rx="5" fill="#fff"/><path d="M170 212l46 30 46-30" stroke="{d}" stroke-width="4" fill="none"/><circle cx="180" cy="216" r="11" fill="{a}"/><circle cx="252" cy="216" r="11" fill="{a}"/>',
    "book-bus": TITLE
    + '<rect x="146" y="164" width="140" height="76" rx="16" fill="{a}"/><path d="M160 180h30v26h-30zM200 180h30v26h-30zM240 180h34v26h-34z" fill="#fff"/><path d="M146 218h140" stroke="{d}" stroke-width="5" opacity=".5"/><circle cx="180" cy="242" r="17" fill="{d}"/><circle cx="180" cy="242" r="7" fill="#fff"/><circle cx="252" cy="242" r="17" fill="{d}"/><circle cx="252" cy="242" r="7" fill="#fff"/>'
    '<rect x="164" y="190" width="22" height="16" rx="6" fill="#f4cf74"/><path d="M206 206v-8q0-9 9-9t9 9v8" fill="#d9533d"/><path d="M247 206l10-18 10 18z" fill="#3f4a3c"/>',
    "book-camp": STARS
    + '<path d="M262 94a28 28 0 1 0 22 46 34 34 0 0 1-22-46z" fill="{a}"/><path d="M134 258q40-18 82-8t82-6v36H134z" fill="{d}"/><path d="M212 160l60 98H152z" fill="{l}"/><path d="M212 160l20 98h-40z" fill="{a}"/><path d="M204 152l8 8 8-8" stroke="{l}" stroke-width="4" fill="none"/>',
    "book-kettle": '<path d="M180 176q0-42 38-42t38 42" fill="none" stroke="{l}" stroke-width="8"/><path d="M176 238q-30-8-34-52l22 2q2 18 14 24z" fill="{a}"/><path d="M178 180h80l14 66q2 16-14 16h-80q-16 0-14-16z" fill="{a}"/><path d="M178 180q40-24 80 0z" fill="{l}"/><circle cx="204" cy="218" r="4.5" fill="{d}"/><circle cx="232" cy="218" r="4.5" fill="{d}"/><circle cx="218" cy="234" r="7" fill="{d}"/>'
    + note(166, 136)
    + note(266, 128),
}
COVERS = {name: BOOK + drawn for name, drawn in ON_COVER.items()}
