"""Shapes of things, as SVG on a square of 400: `{c}` is the thing's colour, `{d}` its shade, `{a}` the accent, `{l}` light.

A category's own shape has the category's name; the others are of single products.
"""

from shop.local.seed.covers import COVERS
from shop.local.seed.ground import foot
from shop.local.seed.things import THINGS

__all__ = ["SHAPES"]

SHAPES = {
    "pans": foot(130)
    + '<path d="M262 236l108-44q12-4 14 6t-8 14l-104 44z" fill="{d}"/><ellipse cx="170" cy="246" rx="124" ry="60" fill="{d}"/>'
    '<ellipse cx="170" cy="232" rx="124" ry="58" fill="{c}"/><ellipse cx="170" cy="234" rx="100" ry="44" fill="{d}"/>'
    '<path d="M120 232q14-34 48-24t40 10 6 34-44 18-50-38z" fill="#fff"/><circle cx="164" cy="232" r="16" fill="{a}"/>',
    "pots": foot(120)
    + '<path d="M84 190h232v86q0 40-40 40H124q-40 0-40-40z" fill="{c}"/><path d="M84 190h232v22H84z" fill="{d}" opacity=".35"/>'
    '<path d="M60 208h28v26H66q-10 0-10-12t4-14zM312 208h28q6 2 4 14t-10 12h-22z" fill="{d}"/>'
    '<path d="M92 184q10-44 108-44t108 44z" fill="{c}"/><path d="M92 184q10-44 108-44t108 44z" fill="#fff" opacity=".18"/>'
    '<circle cx="200" cy="130" r="14" fill="{a}"/><path d="M150 108q-10-16 0-30M200 100q-10-16 0-32M250 108q-10-16 0-30" stroke="{d}" stroke-width="6" fill="none" stroke-linecap="round" opacity=".3"/>',
    "bowls": foot(110)
    + '<path d="M70 180h260q-4 112-92 134h-76Q74 292 70 180z" fill="{c}"/><ellipse cx="200" cy="180" rx="130" ry="30" fill="{d}"/>'
    '<ellipse cx="200" cy="184" rx="112" ry="22" fill="#fff"/><path d="M96 226q50 26 104 26t104-26" stroke="{a}" stroke-width="7" fill="none"/>'
    '<path d="M120 262q40 16 80 16t80-16" stroke="#fff" stroke-width="4" fill="none" opacity=".6"/><path d="M166 312h68v12h-68z" fill="{d}"/>',
    "cups": foot(96)
    + '<path d="M262 186h24q44 0 44 42t-44 42h-24" fill="none" stroke="{d}" stroke-width="18"/><path d="M106 150h170v120q0 46-46 46h-78q-46 0-46-46z" fill="{c}"/>'
    '<ellipse cx="191" cy="150" rx="85" ry="20" fill="{d}"/><ellipse cx="191" cy="152" rx="72" ry="14" fill="{a}"/><path d="M106 220h170v16H106z" fill="#fff" opacity=".55"/>'
    '<path d="M166 118q-12-18 0-36M212 118q-12-18 0-36" stroke="{d}" stroke-width="7" fill="none" stroke-linecap="round" opacity=".3"/>',
    "beans": foot(100)
    + '<path d="M118 110h164l14 206H104z" fill="{c}"/><path d="M118 110h164l-8-26q-74-18-148 0z" fill="{d}"/><rect x="138" y="170" width="124" height="92" rx="8" fill="#fff"/>'
    '<ellipse cx="182" cy="216" rx="22" ry="30" fill="{d}" transform="rotate(24 182 216)"/><path d="M172 192q18 22 12 48" stroke="#fff" stroke-width="4" fill="none"/>'
    '<ellipse cx="226" cy="220" rx="18" ry="25" fill="{a}" transform="rotate(-18 226 220)"/><path d="M230 198q-14 22-2 44" stroke="#fff" stroke-width="4" fill="none"/>',
    "drippers": foot(92)
    + '<path d="M92 96h216l-72 108h-72z" fill="{c}"/><path d="M126 96l44 108M200 96v108M274 96l-44 108" stroke="#fff" stroke-width="4" opacity=".45"/>'
    '<rect x="120" y="204" width="160" height="14" rx="7" fill="{d}"/><path d="M146 218h108l18 74q4 24-22 24H150q-26 0-22-24z" fill="{l}" stroke="{d}" stroke-width="5"/>'
    '<path d="M136 270h128l6 24q2 18-20 18H150q-22 0-20-18z" fill="{a}"/><ellipse cx="200" cy="98" rx="96" ry="14" fill="{d}"/>',
    "leaves": foot(92)
    + '<rect x="124" y="122" width="152" height="194" rx="14" fill="{c}"/><rect x="118" y="104" width="164" height="46" rx="12" fill="{d}"/>'
    '<path d="M200 286q-52-40-18-100 52 10 46 60-4 26-28 40z" fill="{a}"/><path d="M198 280q-4-50-10-84" stroke="#fff" stroke-width="4" fill="none"/>'
    '<path d="M206 276q36-14 40-56-34 2-42 28" fill="{l}" opacity=".85"/>',
    "teapots": foot(120)
    + '<path d="M96 226q-40-40-66-46l-4 20q30 20 52 72z" fill="{d}"/><ellipse cx="196" cy="240" rx="112" ry="78" fill="{c}"/>'
    '<path d="M296 210q60-10 54 34t-66 42" fill="none" stroke="{d}" stroke-width="18" stroke-linecap="round"/><ellipse cx="196" cy="172" rx="66" ry="16" fill="{d}"/>'
    '<circle cx="196" cy="148" r="14" fill="{a}"/><path d="M110 258q86 34 172 0" stroke="#fff" stroke-width="5" fill="none" opacity=".5"/>',
    "pens": '<g transform="rotate(-38 200 210)"><rect x="40" y="190" width="220" height="40" rx="18" fill="{c}"/><rect x="176" y="190" width="16" height="40" fill="{a}"/>'
    '<rect x="60" y="180" width="96" height="10" rx="5" fill="{a}"/><path d="M258 192l84 18-84 18z" fill="{l}" stroke="{d}" stroke-width="4"/><path d="M284 210h56" stroke="{d}" stroke-width="3"/></g>'
    '<path d="M96 330q50-26 96-4t104-10" stroke="{d}" stroke-width="6" fill="none" stroke-linecap="round" opacity=".55"/>',
    "pencils": '<g transform="rotate(-58 200 200)"><rect x="70" y="146" width="200" height="34" fill="{c}"/><path d="M270 146l54 17-54 17z" fill="#f0d9b5"/><path d="M306 157l18 6-18 6z" fill="{d}"/><rect x="46" y="146" width="30" height="34" rx="8" fill="{a}"/>'
    '<rect x="90" y="206" width="190" height="34" fill="{d}"/><path d="M280 206l54 17-54 17z" fill="#f0d9b5"/><path d="M316 217l18 6-18 6z" fill="{c}"/></g>'
    '<rect x="196" y="280" width="92" height="44" rx="10" fill="#fff"/><rect x="196" y="280" width="46" height="44" rx="10" fill="{a}"/>',
    "notebooks": foot(112)
    + '<rect x="104" y="84" width="192" height="236" rx="12" fill="{d}"/><rect x="112" y="78" width="192" height="236" rx="12" fill="{c}"/><rect x="112" y="78" width="30" height="236" rx="12" fill="{d}" opacity=".5"/>'
    '<rect x="172" y="128" width="104" height="60" rx="6" fill="#fff"/><path d="M186 148h76M186 166h52" stroke="{d}" stroke-width="5"/><path d="M270 314v30l12-12 12 12v-30z" fill="{a}"/>',
    "letters": foot(130)
    + '<rect x="110" y="96" width="180" height="150" rx="6" fill="#fff"/><path d="M134 128h132M134 152h132M134 176h88" stroke="{d}" stroke-width="5" opacity=".5"/>'
    '<path d="M72 176l128 84 128-84v140H72z" fill="{c}"/><path d="M72 316l100-78 28 22 28-22 100 78z" fill="{d}" opacity=".35"/><circle cx="200" cy="258" r="20" fill="{a}"/>',
    "tents": '<circle cx="310" cy="104" r="26" fill="{a}"/><path d="M24 316l90-110 60 60 50-40 150 90z" fill="{d}" opacity=".18"/>'
    '<path d="M200 110l150 206H50z" fill="{c}"/><path d="M200 110l54 206H146z" fill="{d}"/><path d="M200 110l26 206h-52z" fill="{a}"/><path d="M200 110l-12-26" stroke="{d}" stroke-width="7" stroke-linecap="round"/>'
    '<path d="M40 318h320" stroke="{d}" stroke-width="6" stroke-linecap="round"/>',
    "fire": '<path d="M204 74q74 70 58 132-8 50-62 56-58-6-62-62-2-36 34-66 4 34 20 40 18-44 12-100z" fill="{a}"/><path d="M206 154q36 36 28 66-6 28-34 32-30-4-32-34 0-18 18-34 6 16 12 16 10-20 8-46z" fill="{c}"/>'
    '<path d="M92 252l224 56M308 252L84 308" stroke="{d}" stroke-width="24" stroke-linecap="round"/>' + foot(124),
    "bags": foot(100)
    + '<path d="M160 104q0-40 40-40t40 40" fill="none" stroke="{d}" stroke-width="14"/><path d="M112 160q0-62 88-62t88 62v126q0 32-32 32H144q-32 0-32-32z" fill="{c}"/>'
    '<path d="M112 168q88 44 176 0v22q-88 44-176 0z" fill="{d}"/><rect x="140" y="222" width="120" height="74" rx="14" fill="{d}" opacity=".35"/><rect x="186" y="192" width="28" height="32" rx="6" fill="{a}"/>'
    '<path d="M96 190q-18 60 0 100M304 190q18 60 0 100" stroke="{d}" stroke-width="14" fill="none" stroke-linecap="round"/>',
    "bottles": foot(70)
    + '<rect x="148" y="126" width="104" height="194" rx="26" fill="{c}"/><rect x="160" y="78" width="80" height="54" rx="12" fill="{d}"/><rect x="148" y="206" width="104" height="44" fill="{a}"/>'
    '<path d="M168 148v150" stroke="#fff" stroke-width="10" opacity=".35" stroke-linecap="round"/><path d="M178 78q0-22 22-22t22 22" fill="none" stroke="{d}" stroke-width="10"/>',
    "headphones": '<path d="M92 236q-6-140 108-140t108 140" fill="none" stroke="{d}" stroke-width="22" stroke-linecap="round"/><rect x="70" y="212" width="62" height="104" rx="28" fill="{c}"/><rect x="268" y="212" width="62" height="104" rx="28" fill="{c}"/>'
    '<rect x="116" y="222" width="26" height="84" rx="13" fill="{a}"/><rect x="258" y="222" width="26" height="84" rx="13" fill="{a}"/><path d="M172 262v8M188 246v40M204 254v24M220 240v52M236 262v8" stroke="{d}" stroke-width="7" stroke-linecap="round" opacity=".5"/>',
    "speakers": foot(124)
    + '<path d="M280 150l36-82" stroke="{d}" stroke-width="7" stroke-linecap="round"/><rect x="76" y="148" width="248" height="170" rx="22" fill="{c}"/><circle cx="158" cy="234" r="58" fill="{d}"/><circle cx="158" cy="234" r="34" fill="{l}" opacity=".25"/><circle cx="158" cy="234" r="13" fill="{a}"/>'
    '<rect x="238" y="178" width="66" height="34" rx="8" fill="{l}"/><path d="M250 204v-18" stroke="{c}" stroke-width="4"/><circle cx="271" cy="258" r="26" fill="{a}"/><path d="M271 258l12-16" stroke="{d}" stroke-width="5"/>',
    "keyboards": foot(150)
    + '<rect x="44" y="176" width="312" height="136" rx="20" fill="{d}"/><rect x="44" y="166" width="312" height="136" rx="20" fill="{c}"/>'
    + "".join(
        f'<rect x="{64 + column * 35}" y="{182 + row * 30}" width="28" height="23" rx="6" fill="{"{a}" if (row, column) in ((0, 0), (2, 7)) else "{l}"}"/>'
        for row in range(3)
        for column in range(8)
    )
    + '<rect x="134" y="272" width="132" height="20" rx="6" fill="{l}"/>',
    "lamps": foot(96)
    + '<path d="M104 186L60 318h280l-44-132z" fill="{a}" opacity=".28"/><path d="M148 92h104l52 96H96z" fill="{c}"/><path d="M96 188h208v14H96z" fill="{d}"/><circle cx="200" cy="208" r="18" fill="{a}"/>'
    '<rect x="194" y="202" width="12" height="104" fill="{d}"/><rect x="146" y="302" width="108" height="18" rx="9" fill="{d}"/>',
}
SHAPES |= COVERS | THINGS
SHAPES |= {
    "omelette-pan": foot(130)
    + '<path d="M268 220l104-46q12-4 14 6t-8 14l-100 48z" fill="{d}"/><path d="M64 206h216l-18 96q-2 14-18 14H98q-14 0-18-14z" fill="{d}"/>'
    '<path d="M64 196h216l-16 88q-2 14-18 14H98q-14 0-18-14z" fill="{c}"/><path d="M88 210h168l-10 58q-2 10-14 10H112q-10 0-12-10z" fill="{d}"/>'
    '<rect x="116" y="218" width="112" height="46" rx="22" fill="#ffe08a"/><path d="M208 226q16 14 0 30" stroke="#e0a83c" stroke-width="6" fill="none" stroke-linecap="round"/>',
    "saucepan": foot(116)
    + '<path d="M276 200l104-26q14-2 14 10t-10 14l-104 26z" fill="#b98a5a"/><path d="M64 186h220l-12 100q-4 32-36 32H112q-32 0-36-32z" fill="{c}"/>'
    '<path d="M64 186l-22-14q-8-6 2-10h40" fill="{d}"/><ellipse cx="174" cy="186" rx="110" ry="24" fill="{d}"/><ellipse cx="174" cy="190" rx="96" ry="18" fill="{a}"/>'
    '<path d="M84 232h184M82 262h180" stroke="{d}" stroke-width="4" stroke-dasharray="14 12" opacity=".45"/><path d="M150 148q-12-18 0-36M196 148q-12-18 0-36" stroke="{d}" stroke-width="7" fill="none" stroke-linecap="round" opacity=".3"/>',
    "plates": foot(124)
    + '<ellipse cx="200" cy="296" rx="128" ry="28" fill="{d}"/><ellipse cx="200" cy="286" rx="128" ry="28" fill="#fff"/><ellipse cx="200" cy="262" rx="128" ry="28" fill="{d}"/><ellipse cx="200" cy="252" rx="128" ry="28" fill="#fff"/>'
    '<circle cx="200" cy="176" r="108" fill="{d}" opacity=".25"/><circle cx="200" cy="170" r="108" fill="#fff"/><circle cx="200" cy="170" r="92" fill="none" stroke="{c}" stroke-width="8"/>'
    '<path d="M200 214v-62M200 182q-34-4-36-36 34 2 36 36M200 196q32-6 34-36-34 2-34 36" fill="{c}" stroke="{c}" stroke-width="4" stroke-linecap="round"/><circle cx="200" cy="138" r="13" fill="{a}"/>',
    "teacup": foot(76)
    + '<path d="M122 132h156l-10 150q-4 38-40 38h-56q-36 0-40-38z" fill="{c}"/><path d="M122 132h156l-6 84q-36 22-72 6t-72-6z" fill="{d}" opacity=".45"/>'
    '<ellipse cx="200" cy="132" rx="78" ry="18" fill="{d}"/><ellipse cx="200" cy="135" rx="66" ry="12" fill="#b7c47a"/><path d="M182 102q-12-18 0-36M220 102q-12-18 0-36" stroke="{d}" stroke-width="7" fill="none" stroke-linecap="round" opacity=".3"/>',
    "kettle": foot(112)
    + '<path d="M112 286q-50-20-52-112l-22-34 26-12 26 40q6 50 26 66z" fill="{d}"/><path d="M140 146q-2-74 92-72 92 2 84 78" fill="none" stroke="{d}" stroke-width="16" stroke-linecap="round"/>'
    '<path d="M132 150h168l26 136q4 32-28 32H132q-32 0-28-32z" fill="{c}"/><path d="M132 150q84-46 168 0z" fill="{d}"/><circle cx="216" cy="118" r="13" fill="{a}"/><path d="M140 180l-16 100" stroke="#fff" stroke-width="9" stroke-linecap="round" opacity=".35"/>',
    "mill": foot(90)
    + '<path d="M206 84l96-14" stroke="{d}" stroke-width="12" stroke-linecap="round"/><circle cx="306" cy="66" r="17" fill="{a}"/><path d="M128 166q4-70 72-70t72 70z" fill="{d}"/><rect x="192" y="72" width="16" height="34" fill="{d}"/>'
    '<path d="M120 166h160v146q0 8-8 8H128q-8 0-8-8z" fill="{c}"/><rect x="108" y="158" width="184" height="20" rx="8" fill="{d}"/><rect x="142" y="216" width="116" height="72" rx="8" fill="{d}" opacity=".4"/><circle cx="200" cy="252" r="11" fill="{a}"/>',
    "filters": foot(116)
    + '<path d="M104 116h220l-62 200h-96z" fill="{d}" opacity=".35"/><path d="M90 108h220l-62 204h-96z" fill="{a}"/><path d="M76 100h220l-62 208h-96z" fill="#fff"/><path d="M76 100h220l-8 26H84z" fill="{c}" opacity=".35"/>'
    '<path d="M124 140l34 152M186 140v152M248 140l-34 152" stroke="{c}" stroke-width="4" stroke-dasharray="10 12" opacity=".5"/>',
    "whisk": foot(90)
    + '<path d="M164 74h72v96h-72z" fill="{c}"/><path d="M164 102h72M164 134h72" stroke="{d}" stroke-width="5" opacity=".5"/><path d="M160 166h80v14h-80z" fill="{d}"/>'
    '<path d="M162 180q-60 70-34 138h144q26-68-34-138z" fill="{c}" opacity=".55"/><path d="M168 180q-42 76-28 138M180 180q-22 76-18 138M193 180q-6 76-4 138M207 180q6 76 4 138M220 180q22 76 18 138M232 180q42 76 28 138" stroke="{d}" stroke-width="5" fill="none"/>'
    '<path d="M158 206h84" stroke="{a}" stroke-width="7" stroke-linecap="round"/>',
    "ballpoint": '<g transform="rotate(-38 200 210)"><rect x="44" y="192" width="206" height="36" rx="14" fill="{c}"/><rect x="30" y="200" width="26" height="20" rx="6" fill="{a}"/><rect x="62" y="182" width="92" height="9" rx="4" fill="{d}"/>'
    '<path d="M250 192h36l40 12v12l-40 12h-36z" fill="{d}"/><path d="M326 206h18v8h-18z" fill="{a}"/><path d="M210 192v36M224 192v36" stroke="{d}" stroke-width="5"/></g><path d="M96 330q50-26 96-4t104-10" stroke="{d}" stroke-width="6" fill="none" stroke-linecap="round" opacity=".55"/>',
    "felt-pens": foot(126)
    + "".join(
        f'<g transform="translate({84 + 50 * n} 0) rotate({(n - 2) * 5} 16 320)"><rect y="130" width="34" height="190" rx="10" fill="{ink}"/><rect y="130" width="34" height="76" rx="10" fill="#fff" opacity=".35"/><rect x="10" y="104" width="14" height="30" rx="5" fill="{ink}"/></g>'
        for n, ink in enumerate(("#c8553d", "#d9a441", "#6a8d4f", "#2f6f73", "#6b5b95"))
    ),
    "ink": foot(110)
    + '<rect x="150" y="96" width="100" height="58" rx="12" fill="{d}"/><path d="M156 154h88v22q66 16 66 70v44q0 30-30 30H120q-30 0-30-30v-44q0-54 66-70z" fill="{l}" stroke="{d}" stroke-width="6"/>'
    '<path d="M96 236h208v52q0 26-26 26H122q-26 0-26-26z" fill="{c}"/><rect x="140" y="226" width="120" height="62" rx="8" fill="#fff"/><path d="M214 240a20 20 0 1 0 10 32 26 26 0 0 1-10-32z" fill="{a}"/>',
    "eraser": foot(120)
    + '<g transform="rotate(-16 200 230)"><path d="M72 190h256q12 0 12 12v72q0 12-12 12H72q-12 0-12-12v-72q0-12 12-12z" fill="#fff"/><path d="M60 258h280v16q0 12-12 12H72q-12 0-12-12z" fill="{d}" opacity=".18"/>'
    '<path d="M150 186h160q12 0 12 12v80q0 12-12 12H150z" fill="{c}"/><path d="M150 216h172v16H150z" fill="{a}"/><path d="M150 244h172v12H150z" fill="#fff" opacity=".8"/></g><path d="M74 318q20-8 40 0M130 326q16-6 30 0" stroke="{d}" stroke-width="6" stroke-linecap="round" fill="none" opacity=".4"/>',
    "sharpener": foot(110)
    + '<path d="M112 210l152-42q12-2 16 8l34 108q2 12-8 14l-152 22q-12 0-16-10l-34-84q-2-12 8-16z" fill="{c}"/><path d="M112 210l152-42 8 30-150 44z" fill="{d}" opacity=".35"/><circle cx="224" cy="252" r="20" fill="{d}"/><path d="M210 252h28" stroke="{a}" stroke-width="6"/>'
    '<path d="M124 226L50 130l26-20 84 102z" fill="{a}"/><path d="M50 130l26-20 14 18-26 20z" fill="{d}"/>',
    "memo": foot(100)
    + '<rect x="112" y="104" width="184" height="218" rx="10" fill="{d}"/><rect x="104" y="96" width="184" height="218" rx="10" fill="#fff"/><path d="M104 96h184v52H104z" fill="{c}"/><path d="M130 186h132M130 216h132M130 246h132M130 276h80" stroke="{d}" stroke-width="5" opacity=".4"/>'
    + "".join(
        f'<path d="M{128 + 24 * n} 112V84q0-10 8-10t8 10v20" stroke="{{a}}" stroke-width="6" fill="none" stroke-linecap="round"/>'
        for n in range(6)
    ),
    "paper": foot(116)
    + '<rect x="120" y="92" width="190" height="226" rx="4" fill="{a}" transform="rotate(5 215 205)"/><rect x="104" y="88" width="190" height="228" rx="4" fill="#fff"/><path d="M132 124v164M160 124v164M188 124v164M216 124v164M244 124v108M270 124v108" stroke="{d}" stroke-width="3" opacity=".35"/>'
    '<circle cx="254" cy="272" r="20" fill="{c}"/><path d="M246 272h16M254 264v16" stroke="#fff" stroke-width="4"/>',
    "postcards": foot(130)
    + '<rect x="92" y="112" width="232" height="160" rx="6" fill="{a}" transform="rotate(9 208 192)"/><rect x="76" y="136" width="248" height="170" rx="6" fill="#fff"/><path d="M90 150h140v142H90z" fill="{l}"/><path d="M90 292l50-74 36 44 20-24 34 54z" fill="{c}"/><circle cx="196" cy="186" r="16" fill="{a}"/>'
    '<rect x="272" y="152" width="36" height="42" fill="{c}" opacity=".8"/><path d="M248 222h58M248 244h58M248 266h40" stroke="{d}" stroke-width="5" opacity=".45"/>',
    "cat-notes": foot(140)
    + '<rect x="60" y="146" width="284" height="168" rx="6" fill="#fff"/><path d="M88 178h160M88 208h160M88 238h130M88 268h96" stroke="{d}" stroke-width="4" opacity=".35"/>'
    '<path d="M262 300q-10-60 30-64 40 4 32 64z" fill="{c}"/><circle cx="292" cy="222" r="27" fill="{c}"/><path d="M268 210l-2-26 22 14zM316 210l2-26-22 14z" fill="{c}"/><circle cx="283" cy="220" r="4" fill="#fff"/><circle cx="301" cy="220" r="4" fill="#fff"/><path d="M322 290q30-6 20-40" stroke="{c}" stroke-width="9" fill="none" stroke-linecap="round"/>',
    "seal": foot(130)
    + '<path d="M150 70q40-20 64 6l-16 96h-40z" fill="#b98a5a"/><rect x="152" y="168" width="52" height="46" rx="8" fill="{a}"/><rect x="144" y="206" width="68" height="18" rx="6" fill="{d}"/>'
    '<rect x="262" y="120" width="30" height="196" rx="6" fill="{c}"/><rect x="300" y="150" width="30" height="166" rx="6" fill="{d}"/><path d="M110 296q-30-18 0-34 6-30 44-22 36-18 60 6 36 0 28 30 18 28-22 36-22 18-54 6-42 10-56-22z" fill="{c}"/><circle cx="172" cy="278" r="26" fill="{d}" opacity=".45"/><path d="M162 278l8 10 14-20" stroke="#fff" stroke-width="5" fill="none"/>',
    "sleeping-bag": foot(146)
    + '<path d="M70 316q-34-4-34-66t50-68h246q34 4 34 68t-34 66z" fill="{c}"/><ellipse cx="92" cy="249" rx="46" ry="67" fill="{d}"/><ellipse cx="96" cy="249" rx="30" ry="46" fill="{a}"/><ellipse cx="99" cy="249" rx="15" ry="26" fill="{d}"/>'
    '<path d="M170 184q-16 66 0 132M226 184q-16 66 0 132M282 184q-16 66 0 132" stroke="{d}" stroke-width="5" fill="none" opacity=".5"/><path d="M196 182h24v134h-24zM300 182h20v134h-20z" fill="{a}" opacity=".9"/>',
    "mat": foot(140)
    + "".join(
        f'<path d="M60 {292 - 42 * n}l70-30h210l-60 30z" fill="{{d}}"/><path d="M60 {292 - 42 * n}h220v26H60z" fill="{{c}}"/><path d="M280 {292 - 42 * n}l60-30v26l-60 30z" fill="{{d}}" opacity=".75"/>'
        for n in range(3)
    )
    + '<path d="M60 208l70-30h210l-60 30z" fill="{a}"/><path d="M110 196h190M126 188h190" stroke="#fff" stroke-width="4" opacity=".6"/>',
    "tarp": '<circle cx="92" cy="96" r="24" fill="{a}"/><path d="M64 316V132M336 316V132" stroke="{d}" stroke-width="9" stroke-linecap="round"/><path d="M64 132L24 316M336 132l40 184" stroke="{d}" stroke-width="3"/>'
    '<path d="M40 144q84 8 160-48 76 56 160 48-60 56-160 56T40 144z" fill="{c}"/><path d="M200 96v104q100 0 160-56-84 8-160-48z" fill="{d}" opacity=".4"/><path d="M150 316h100M162 316v-30h76v30" stroke="{d}" stroke-width="8" fill="none" stroke-linecap="round"/>',
    "pillow": foot(136)
    + '<path d="M72 186q128-30 256 0 20 6 14 26-12 34 0 68 6 22-14 26-128 26-256 0-20-4-14-26 12-34 0-68-6-20 14-26z" fill="{c}"/><path d="M200 176v146M130 182q-12 70 0 134M270 182q12 70 0 134" stroke="{d}" stroke-width="5" fill="none" opacity=".4"/><circle cx="314" cy="204" r="13" fill="{a}"/>',
    "dry-bags": foot(140)
    + "".join(
        f'<rect x="{x}" y="{y}" width="{w}" height="{318 - y}" rx="22" fill="{fill}"/><path d="M{x + 8} {y + 4}q{w / 2 - 8}-30 {w - 16} 0z" fill="{{d}}"/><rect x="{x + w / 2 - 14}" y="{y - 24}" width="28" height="16" rx="5" fill="{{d}}"/><path d="M{x} {y + 44}h{w}v14h-{w}z" fill="#fff" opacity=".5"/>'
        for x, y, w, fill in ((52, 196, 84, "{a}"), (264, 168, 92, "{d}"), (140, 124, 112, "{c}"))
    ),
    "sacoche": foot(110)
    + '<path d="M110 196Q60 40 200 60t96 136" fill="none" stroke="{d}" stroke-width="9"/><rect x="86" y="180" width="228" height="138" rx="20" fill="{c}"/><path d="M86 200q0-20 20-20h188q20 0 20 20v34H86z" fill="{d}" opacity=".5"/><path d="M106 234h188" stroke="{a}" stroke-width="7" stroke-dasharray="4 6"/><rect x="278" y="226" width="24" height="32" rx="6" fill="{a}"/>',
    "straw": foot(80)
    + '<rect x="170" y="116" width="60" height="170" rx="14" fill="{c}"/><rect x="182" y="70" width="36" height="50" rx="8" fill="{d}"/><rect x="178" y="282" width="44" height="36" rx="8" fill="{d}"/><rect x="182" y="160" width="36" height="84" rx="8" fill="{l}"/><path d="M200 172q18 26 18 38a18 18 0 0 1-36 0q0-12 18-38z" fill="{a}"/>'
    '<path d="M96 316q30-16 60 0M244 316q30-16 60 0" stroke="{c}" stroke-width="8" fill="none" stroke-linecap="round"/>',
    "earbuds": foot(110)
    + '<path d="M96 232q0-64 104-64t104 64-104 86-104-86z" fill="{c}"/><path d="M96 232q0-64 104-64t104 64q-104 40-208 0z" fill="{d}" opacity=".35"/><circle cx="200" cy="278" r="7" fill="{a}"/>'
    '<g fill="{l}" stroke="{d}" stroke-width="6"><path d="M150 172v-40q-30 2-30-28t32-28 32 30v66q0 14-17 14t-17-14z"/><path d="M250 172v-40q30 2 30-28t-32-28-32 30v66q0 14 17 14t17-14z"/></g><circle cx="146" cy="104" r="11" fill="{a}"/><circle cx="254" cy="104" r="11" fill="{a}"/>',
    "speaker-box": foot(96)
    + '<rect x="112" y="74" width="176" height="246" rx="18" fill="{c}"/><rect x="126" y="88" width="148" height="218" rx="10" fill="{d}" opacity=".55"/><circle cx="200" cy="142" r="32" fill="{l}"/><circle cx="200" cy="142" r="14" fill="{d}"/><circle cx="200" cy="236" r="56" fill="{l}"/><circle cx="200" cy="236" r="40" fill="{c}"/><circle cx="200" cy="236" r="16" fill="{a}"/>',
    "turntable": foot(144)
    + '<path d="M52 216l60-88h224l32 88z" fill="{c}"/><rect x="52" y="214" width="316" height="92" rx="14" fill="{d}"/><ellipse cx="196" cy="172" rx="96" ry="36" fill="#2b2b33"/><ellipse cx="196" cy="172" rx="66" ry="24" fill="none" stroke="#55555f" stroke-width="3"/><ellipse cx="196" cy="172" rx="30" ry="11" fill="{a}"/><circle cx="196" cy="172" r="4" fill="#fff"/>'
    '<path d="M318 142l-14 40-52 6" stroke="{l}" stroke-width="9" fill="none" stroke-linecap="round" stroke-linejoin="round"/><circle cx="318" cy="142" r="13" fill="{a}"/><circle cx="96" cy="260" r="17" fill="{a}"/><circle cx="142" cy="260" r="10" fill="{l}"/><path d="M84 306v14M336 306v14" stroke="{d}" stroke-width="18"/>',
    "wrist-rest": foot(150)
    + '<path d="M44 268q0-34 34-34h244q34 0 34 34v22q0 26-26 26H70q-26 0-26-26z" fill="{c}"/><path d="M44 272q0-38 34-38h244q34 0 34 38-40 16-156 16T44 272z" fill="#fff" opacity=".22"/><path d="M80 262q90-18 240 0M70 290q120 14 260 0" stroke="{d}" stroke-width="4" fill="none" opacity=".5"/>'
    + "".join(f'<rect x="{74 + 44 * n}" y="182" width="34" height="28" rx="7" fill="{{d}}"/>' for n in range(6)),
    "number-pad": foot(96)
    + '<rect x="104" y="96" width="192" height="228" rx="20" fill="{d}"/><rect x="104" y="88" width="192" height="226" rx="20" fill="{c}"/>'
    + "".join(
        f'<rect x="{122 + column * 54}" y="{106 + row * 51}" width="46" height="42" rx="9" fill="{"{a}" if (row, column) == (3, 2) else "{l}"}"/>'
        for row in range(4)
        for column in range(3)
    ),
    "split-keyboard": foot(158)
    + "".join(
        f'<g transform="translate({x} 0) rotate({turn} 80 240)"><rect y="170" width="160" height="140" rx="18" fill="{{d}}"/><rect y="160" width="160" height="140" rx="18" fill="{{c}}"/>'
        + "".join(
            f'<rect x="{14 + column * 34}" y="{176 + row * 29}" width="28" height="23" rx="6" fill="{"{a}" if (row, column) == (3, thumb) else "{l}"}"/>'
            for row in range(4)
            for column in range(4)
        )
        + "</g>"
        for x, turn, thumb in ((30, 9, 3), (210, -9, 0))
    ),
    "lantern": foot(90)
    + '<circle cx="200" cy="200" r="140" fill="{a}" opacity=".25"/><path d="M160 84q0-34 40-34t40 34" fill="none" stroke="{d}" stroke-width="9"/><rect x="128" y="84" width="144" height="20" rx="8" fill="{d}"/><rect x="128" y="300" width="144" height="20" rx="8" fill="{d}"/>'
    '<rect x="138" y="104" width="124" height="196" fill="#fff6df"/><path d="M138 104v196M180 104v196M220 104v196M262 104v196M138 170h124M138 236h124" stroke="{c}" stroke-width="6"/><circle cx="200" cy="203" r="30" fill="{a}" opacity=".75"/>',
    "light-bar": foot(120)
    + '<path d="M110 118L60 230h280l-50-112z" fill="{a}" opacity=".28"/><rect x="72" y="130" width="256" height="150" rx="12" fill="{d}"/><rect x="84" y="142" width="232" height="126" rx="6" fill="{l}"/><path d="M110 240l44-42 34 24 50-52 44 40" stroke="{c}" stroke-width="7" fill="none" stroke-linejoin="round" stroke-linecap="round"/>'
    '<path d="M180 280h40v24h-40zM146 304h108v16H146z" fill="{d}"/><rect x="92" y="98" width="216" height="22" rx="11" fill="{c}"/><rect x="180" y="104" width="40" height="34" rx="8" fill="{c}"/>',
    "desk-lamp": foot(100)
    + '<path d="M196 136L96 316h220z" fill="{a}" opacity=".26"/><path d="M284 306l36-118-92-72" fill="none" stroke="{d}" stroke-width="11" stroke-linecap="round" stroke-linejoin="round"/><circle cx="320" cy="188" r="12" fill="{a}"/>'
    '<path d="M236 92l-74 74q-20-34 4-62t70-12z" fill="{c}"/><path d="M162 166l74-74 10 12-72 72z" fill="{d}"/><rect x="226" y="302" width="112" height="18" rx="9" fill="{d}"/>',
}
