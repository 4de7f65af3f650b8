"""Shapes of single products, drawn for one of the hand-picked each. Colours as in `shapes`."""

from shop.local.seed.ground import STEAM, foot

__all__ = ["THINGS"]

THINGS = {
    "wok": foot(120)
    + '<path d="M290 196l86-50q10-4 14 4t-4 14l-86 54z" fill="#b98a5a"/><path d="M40 190q-14-8-8-18t20-2l16 10z" fill="{d}"/><path d="M48 186h256q-8 120-100 132h-56Q56 306 48 186z" fill="{c}"/><path d="M64 222q10 74 76 94" stroke="#fff" stroke-width="7" fill="none" opacity=".35" stroke-linecap="round"/>'
    '<ellipse cx="176" cy="186" rx="128" ry="30" fill="{d}"/><ellipse cx="176" cy="190" rx="112" ry="23" fill="{c}"/><g><circle cx="130" cy="182" r="15" fill="#6a9a52"/><circle cx="152" cy="174" r="13" fill="#86b56a"/><path d="M186 186l36-16 6 12-36 14z" fill="#e07a3f"/><path d="M168 196l32 4-2 10-32-4z" fill="#e07a3f"/><path d="M214 196q16-20 32-4-8 14-32 4z" fill="#f4d9a0"/><circle cx="178" cy="176" r="9" fill="#d94f3d"/></g>'
    + STEAM.replace("{y}", "138"),
    "noodle-pot": foot(106)
    + '<path d="M66 176h30v24H76q-12 0-12-12t2-12zM304 176h30q4 0 2 12t-12 12h-20z" fill="{d}"/><path d="M96 150h208v138q0 32-32 32H128q-32 0-32-32z" fill="{c}"/><path d="M96 150h208v22H96z" fill="{d}" opacity=".4"/><path d="M122 190v96" stroke="#fff" stroke-width="10" stroke-linecap="round" opacity=".35"/>'
    '<ellipse cx="200" cy="150" rx="104" ry="20" fill="{d}"/><path d="M120 148q-6-60 80-60t80 60" stroke="{a}" stroke-width="9" fill="none"/><ellipse cx="200" cy="150" rx="84" ry="14" fill="#f6e3b4"/><path d="M136 150q16-16 32 0t32 0 32 0 32 0M150 156q14-12 28 0t28 0 28 0" stroke="#d9b56a" stroke-width="5" fill="none" stroke-linecap="round"/>',
    "donabe": foot(132)
    + '<path d="M60 214h280q0 96-78 104H138Q60 310 60 214z" fill="{c}"/><path d="M40 208h44v22H54q-16 0-14-22zM316 208h44q2 22-14 22h-30z" fill="{d}"/><path d="M60 214h280v16H60z" fill="{d}" opacity=".5"/><path d="M70 206q10-70 130-70t130 70z" fill="{a}"/><path d="M70 206q10-70 130-70t130 70z" fill="{d}" opacity=".22"/>'
    '<path d="M168 136q0-26 32-26t32 26z" fill="{d}"/><path d="M106 262q24-20 47 0t47 0 47 0 47 0" stroke="{a}" stroke-width="7" fill="none" stroke-linecap="round"/><circle cx="262" cy="164" r="6" fill="{d}"/>'
    + STEAM.replace("{y}", "92"),
    "teacups": foot(130)
    + '<g><path d="M76 122h132l-8 164q-2 34-34 34h-48q-32 0-34-34z" fill="{c}"/><path d="M80 190h124l-3 26H82z" fill="#fff" opacity=".6"/><ellipse cx="142" cy="122" rx="66" ry="16" fill="{d}"/><ellipse cx="142" cy="125" rx="54" ry="10" fill="#b7c47a"/></g><g><path d="M220 172h116l-8 118q-2 30-30 30h-40q-28 0-30-30z" fill="{a}"/><path d="M224 220h108l-2 22h-104z" fill="#fff" opacity=".6"/><ellipse cx="278" cy="172" rx="58" ry="14" fill="{d}"/><ellipse cx="278" cy="175" rx="47" ry="9" fill="#b7c47a"/></g>',
    "glass-bowl": foot(104)
    + '<path d="M80 160h240q-4 158-92 160h-56Q84 318 80 160z" fill="{c}" opacity=".28"/><path d="M104 176h192q-8 112-74 118h-44q-66-6-74-118z" fill="#c99c6b"/><path d="M104 176h192q-2 28-8 48-88-22-176 4-6-24-8-52z" fill="#f4e4cc"/><ellipse cx="200" cy="176" rx="96" ry="20" fill="#fbf1e2"/><path d="M200 186q-26-12-16-22 10-6 16 4 6-10 16-4 10 10-16 22z" fill="#c99c6b"/>'
    '<path d="M80 160h240q-4 158-92 160h-56Q84 318 80 160z" fill="none" stroke="{d}" stroke-width="5" opacity=".55"/><path d="M98 196q6 66 34 96" stroke="#fff" stroke-width="9" fill="none" stroke-linecap="round" opacity=".75"/>',
    "cold-brew": foot(110)
    + '<path d="M104 92h132l-10 210q-2 18-20 18h-72q-18 0-20-18z" fill="{l}" stroke="{d}" stroke-width="6"/><path d="M110 150h120l-8 148q-2 12-14 12h-76q-12 0-14-12z" fill="#6b4229"/><g transform="rotate(-10 168 206)"><path d="M136 168h64v76q0 8-8 8h-48q-8 0-8-8z" fill="{a}"/><path d="M136 168q32-26 64 0z" fill="#fff" opacity=".6"/></g><path d="M168 160q10-60 74-72" stroke="#fff" stroke-width="4" fill="none"/>'
    '<rect x="236" y="76" width="42" height="34" rx="5" fill="{c}"/><g opacity=".75" fill="#fff"><rect x="124" y="158" width="30" height="28" rx="6" transform="rotate(-12 139 172)"/><rect x="186" y="262" width="28" height="26" rx="6" transform="rotate(14 200 275)"/></g><path d="M262 320q-8-44 26-64 34 18 28 64z" fill="{c}"/><path d="M288 262v52" stroke="{d}" stroke-width="4"/>',
    "server": foot(96)
    + '<path d="M272 168h26q38 0 38 46t-40 50" fill="none" stroke="{d}" stroke-width="15" stroke-linecap="round"/><path d="M134 120h134l-6 36q36 40 36 96 0 66-52 66h-92q-52 0-52-66 0-56 36-96z" fill="{l}" stroke="{d}" stroke-width="6"/><path d="M110 240h180q6 72-44 72h-92q-50 0-44-72z" fill="#7a4a2c"/><ellipse cx="200" cy="240" rx="90" ry="13" fill="#96623f"/><path d="M134 120q-26-6-28-18l30-2z" fill="{l}" stroke="{d}" stroke-width="6" stroke-linejoin="round"/>'
    '<rect x="126" y="88" width="150" height="30" rx="10" fill="{c}"/><circle cx="201" cy="80" r="12" fill="{a}"/><path d="M232 214h26M240 190h18M224 262h34" stroke="#fff" stroke-width="5" stroke-linecap="round"/>',
    "tea-bags": foot(126)
    + '<path d="M200 316V150l108-22v166z" fill="{d}"/><path d="M92 128l108 22v166L92 294z" fill="{c}"/><path d="M92 128l108-22 108 22-108 22z" fill="#fff" opacity=".85"/><path d="M146 250q-34-24-14-62 34 8 32 38-2 16-18 24z" fill="{a}"/><path d="M144 246q-2-30-8-50" stroke="#fff" stroke-width="3" fill="none"/><path d="M196 128q-6-60 50-66 46 0 52 36" stroke="{d}" stroke-width="4" fill="none"/><path d="M276 98h44v44l-22 12-22-12z" fill="{a}"/>',
    "matcha": foot(118)
    + '<path d="M84 200h232q-4 104-84 118h-64Q88 304 84 200z" fill="{c}"/><path d="M84 200h232l-4 38q-40 18-72-4t-70 10-80-4z" fill="{d}" opacity=".45"/><ellipse cx="200" cy="200" rx="116" ry="26" fill="{d}"/><ellipse cx="200" cy="205" rx="102" ry="20" fill="#8fb04e"/><path d="M140 204q20-12 44-6M216 212q24 2 44-8" stroke="#c6d98b" stroke-width="6" fill="none" stroke-linecap="round"/><circle cx="200" cy="200" r="5" fill="#c6d98b"/><circle cx="182" cy="212" r="4" fill="#c6d98b"/><circle cx="230" cy="198" r="4" fill="#c6d98b"/>'
    '<path d="M250 190l74-106q8-8 14-2t0 14l-66 100z" fill="#d9b98a"/><path d="M172 318h56v8h-56z" fill="{d}"/>',
    "barley": foot(104)
    + '<path d="M112 140q-6-20 8-34l20 14 30-20 30 20 30-20 30 20 20-14q14 14 8 34l10 150q2 28-26 28H128q-28 0-26-28z" fill="{c}"/><path d="M110 146q90 20 180 0" stroke="{d}" stroke-width="7" fill="none"/><path d="M116 152v130" stroke="#fff" stroke-width="8" opacity=".25" stroke-linecap="round"/><circle cx="200" cy="236" r="56" fill="{l}"/><path d="M200 282v-70" stroke="#b98432" stroke-width="5" stroke-linecap="round"/>'
    '<g fill="#d9a441"><path d="M200 212q-12-14 0-28 12 14 0 28z"/><path d="M198 232q-20-2-22-20 18 2 22 20zM202 232q20-2 22-20-18 2-22 20zM198 252q-20-2-22-20 18 2 22 20zM202 252q20-2 22-20-18 2-22 20zM198 272q-20-2-22-20 18 2 22 20zM202 272q20-2 22-20-18 2-22 20z"/></g>',
    "caddy": foot(82)
    + '<rect x="128" y="104" width="144" height="214" rx="12" fill="#8a4b32"/><path d="M128 196h144" stroke="#5d2e1f" stroke-width="5"/><rect x="128" y="104" width="144" height="30" rx="12" fill="#6f3927"/><g stroke="#b9735a" stroke-width="4" stroke-linecap="round" opacity=".8"><path d="M146 152h34M204 166h46M150 180h20M216 222h38M144 238h44M196 262h30M148 280h26M216 292h40"/></g><path d="M146 118v186" stroke="#fff" stroke-width="9" stroke-linecap="round" opacity=".22"/>'
    '<path d="M278 316q14-30 44-26-6 30-44 26z" fill="#8fb04e"/><path d="M300 318q30-8 44 10-26 10-44-10z" fill="#6a8d4f"/>',
    "colour-pencils": foot(140)
    + "".join(
        f'<g><path d="M{76 + 31 * n} 148l11-40 11 40z" fill="#f0d9b5"/><path d="M{83 + 31 * n} 122l4-14 4 14z" fill="{ink}"/><rect x="{76 + 31 * n}" y="146" width="22" height="110" fill="{ink}"/><path d="M{82 + 31 * n} 150v90" stroke="#fff" stroke-width="4" opacity=".3"/></g>'
        for n, ink in enumerate(
            ("#c8553d", "#e08a3f", "#e6bd4a", "#8fb04e", "#2f6f73", "#6fa3cf", "#3d405b", "#6b5b95")
        )
    )
    + '<rect x="56" y="224" width="288" height="96" rx="14" fill="{c}"/><path d="M56 252q144 22 288 0" stroke="{d}" stroke-width="4" fill="none" opacity=".5"/><rect x="150" y="262" width="100" height="40" rx="8" fill="{l}"/><path d="M166 276h68M166 288h44" stroke="{d}" stroke-width="4" stroke-linecap="round" opacity=".7"/>',
    "field-notes": foot(124)
    + "".join(
        f'<g transform="rotate({turn} 200 220)"><rect x="126" y="92" width="148" height="226" rx="8" fill="{fill}"/><path d="M126 100q0-8 8-8h12v226h-12q-8 0-8-8z" fill="{{d}}" opacity=".4"/></g>'
        for turn, fill in ((-15, "{d}"), (-2, "{a}"), (11, "{c}"))
    )
    + '<g transform="rotate(11 200 220)"><rect x="164" y="126" width="92" height="60" rx="4" fill="{l}"/><path d="M176 146h68M176 164h40" stroke="{d}" stroke-width="5" stroke-linecap="round"/><path d="M170 286l24-38 18 22 16-30 22 46z" fill="none" stroke="{l}" stroke-width="5" stroke-linejoin="round"/></g>',
    "diary": foot(112)
    + '<rect x="96" y="86" width="212" height="234" rx="12" fill="{d}"/><path d="M104 296h204v16H104z" fill="#fff"/><rect x="104" y="80" width="204" height="222" rx="12" fill="{c}"/><path d="M104 92q0-12 12-12h18v222h-18q-12 0-12-12z" fill="{d}" opacity=".45"/>'
    + "".join(f'<circle cx="{172 + 24 * n}" cy="{196 - 34 * (n % 2)}" r="8" fill="{{a}}"/>' for n in range(5))
    + '<path d="M172 196l24-34 24 34 24-34 24 34" stroke="{a}" stroke-width="4" fill="none" opacity=".7"/><path d="M168 240h104M184 258h72" stroke="{l}" stroke-width="5" stroke-linecap="round" opacity=".8"/><path d="M288 172h34v44h-34z" fill="{d}"/><circle cx="312" cy="194" r="8" fill="{a}"/>',
    "planner": foot(112)
    + '<path d="M296 96h18v212h-18z" fill="#fff"/><path d="M300 110h14M300 130h14" stroke="{d}" stroke-width="2" opacity=".4"/><rect x="98" y="82" width="206" height="238" rx="18" fill="{c}"/><rect x="110" y="94" width="182" height="214" rx="12" fill="none" stroke="{a}" stroke-width="4" stroke-dasharray="9 8"/><path d="M240 82h26v238h-26z" fill="{d}"/><rect x="226" y="184" width="54" height="34" rx="8" fill="{d}"/><circle cx="253" cy="201" r="9" fill="{a}"/>'
    '<path d="M150 320v26l9-9 9 9v-26z" fill="{a}"/><rect x="82" y="120" width="14" height="150" rx="7" fill="{d}"/><path d="M82 134h14M82 258h14" stroke="{a}" stroke-width="5"/>',
    "fire-pit": foot(116)
    + '<path d="M206 60q62 60 48 112-8 42-54 48-50-6-54-54-2-30 30-56 2 28 16 34 16-38 14-84z" fill="{a}"/><path d="M208 130q30 30 22 58-6 22-30 26-26-4-28-28 0-16 16-30 4 14 10 14 8-18 10-40z" fill="#e0703f"/><path d="M96 208h208l-36 66H132z" fill="{d}"/><path d="M96 208h208l-6 12H102z" fill="#fff" opacity=".25"/><path d="M128 196l150 26M272 196l-150 26" stroke="#7a4a2c" stroke-width="15" stroke-linecap="round"/>'
    '<path d="M150 270l-30 50M250 270l30 50M138 296h124" stroke="{d}" stroke-width="9" stroke-linecap="round"/><g fill="{l}"><circle cx="160" cy="240" r="6"/><circle cx="186" cy="240" r="6"/><circle cx="212" cy="240" r="6"/><circle cx="238" cy="240" r="6"/></g>',
    "burner": foot(100)
    + '<g fill="#6fa3cf" opacity=".9"><path d="M132 198q-14-34 6-64 18 32 6 64zM256 198q-12-32 6-64 20 30 6 64zM172 190q-16-44 6-84 20 42 6 84zM216 190q-14-42 6-84 22 40 6 84z"/></g><g fill="#fff" opacity=".8"><path d="M178 188q-6-20 0-40 6 20 0 40zM222 188q-6-20 0-40 6 20 0 40z"/></g><path d="M108 200h184v22H108z" fill="#e6c064"/>'
    '<path d="M116 222h168v70q0 28-28 28H144q-28 0-28-28z" fill="#c99a3a"/><path d="M116 250h168v14H116z" fill="#a87a26"/><ellipse cx="200" cy="200" rx="92" ry="17" fill="#a87a26"/><ellipse cx="200" cy="200" rx="52" ry="9" fill="#6b4b14"/><g fill="#6b4b14"><circle cx="134" cy="234" r="5"/><circle cx="167" cy="236" r="5"/><circle cx="200" cy="237" r="5"/><circle cx="233" cy="236" r="5"/><circle cx="266" cy="234" r="5"/></g><path d="M136 276v20" stroke="#fff" stroke-width="8" stroke-linecap="round" opacity=".5"/>',
    "tongs": foot(140)
    + '<g transform="rotate(8 120 200)"><path d="M106 70q14-18 28 0l22 186q2 18 16 26l-8 10q-22-8-26-34L120 110l-18 148q-4 26-26 34l-8-10q14-8 16-26z" fill="{d}"/><circle cx="120" cy="84" r="8" fill="{a}"/></g><path d="M206 312q-18-2-16-22l8-70q-26-20-28-42 4-16 20-8l26 24v-66q2-16 18-16t18 16v-14q4-16 20-14t16 16v10q4-14 18-12t16 16v12q4-10 14-8t14 14v86q0 36-26 62l-4 26q-2 12-14 12h-86q-14 0-14-22z" fill="{c}"/>'
    '<path d="M252 140v50M288 136v54M324 142v50" stroke="{d}" stroke-width="5" stroke-linecap="round" opacity=".6"/><path d="M198 270q70 18 142 0" stroke="{a}" stroke-width="7" fill="none" stroke-dasharray="10 8"/><path d="M212 208q10 14 4 36" stroke="{d}" stroke-width="5" fill="none" stroke-linecap="round" opacity=".6"/>',
    "camp-pot": foot(100)
    + '<path d="M282 186h30q34 0 34 40t-36 40h-28" fill="none" stroke="{d}" stroke-width="11"/><path d="M110 136h176v148q0 34-34 34H144q-34 0-34-34z" fill="#aab4b8"/><path d="M110 136h176v148q0 34-34 34h-20q26-80 20-182z" fill="#8d999e"/><ellipse cx="198" cy="136" rx="88" ry="18" fill="#c8d0d3"/><path d="M118 130q6-26 80-26t80 26z" fill="#d9dfe1"/><path d="M180 104q0-20 18-20t18 20" fill="none" stroke="{c}" stroke-width="10"/>'
    '<path d="M132 160v128" stroke="#fff" stroke-width="10" opacity=".5" stroke-linecap="round"/><path d="M226 196h26M236 218h16M226 240h26M236 262h16" stroke="#5f6b70" stroke-width="4" stroke-linecap="round"/>',
    "sandwich-iron": foot(126)
    + '<g transform="rotate(-16 130 250)"><path d="M246 214h124v18H246z" fill="#b98a5a"/><rect x="70" y="198" width="186" height="38" rx="14" fill="{c}"/><path d="M92 210h140" stroke="#fff" stroke-width="5" opacity=".3" stroke-linecap="round"/></g><path d="M246 294h122v18H246z" fill="#b98a5a"/><path d="M78 262q0-22 22-22h136q22 0 22 22v32H78z" fill="#e8b872"/><path d="M78 272h180v8q-10 12-22 2-12 12-26 0-14 12-28 0-14 12-28 0-14 10-26-2-14 12-26 0-14 10-24-8z" fill="#f6d667"/>'
    '<path d="M88 284h160" stroke="#d9533d" stroke-width="6"/><rect x="70" y="288" width="190" height="32" rx="13" fill="{d}"/><circle cx="74" cy="274" r="11" fill="{a}"/><path d="M150 150q-12-18 0-36M196 140q-12-18 0-36" stroke="{d}" stroke-width="6" fill="none" stroke-linecap="round" opacity=".3"/>',
    "folding-cup": foot(120)
    + "".join(
        f'<path d="M{84 + 13 * n} {146 + 44 * n}h{184 - 26 * n}l-8 40H{92 + 13 * n}z" fill="{{{"c" if n % 2 == 0 else "d"}}}"/>'
        for n in range(4)
    )
    + '<ellipse cx="176" cy="146" rx="92" ry="18" fill="{d}"/><ellipse cx="176" cy="149" rx="78" ry="11" fill="#a9d3e6"/><path d="M100 166l22 128" stroke="#fff" stroke-width="7" stroke-linecap="round" opacity=".3"/><g><ellipse cx="312" cy="306" rx="58" ry="14" fill="{d}"/><ellipse cx="312" cy="298" rx="58" ry="14" fill="{c}"/><ellipse cx="312" cy="296" rx="42" ry="9" fill="{d}"/><ellipse cx="312" cy="295" rx="27" ry="6" fill="{c}"/><ellipse cx="312" cy="294" rx="13" ry="3" fill="{a}"/></g>',
    "daypack": foot(130)
    + '<path d="M128 92q-40 70-26 196M232 92q40 70 26 196" stroke="{d}" stroke-width="9" fill="none"/><path d="M104 142q6-44 76-44t76 44l12 140q2 38-34 38H126q-36 0-34-38z" fill="{c}"/><path d="M116 142q-12-34 10-50 20 14 54 14t54-14q22 16 10 50-64 18-128 0z" fill="{d}"/><path d="M180 108l-12 44M180 108l14 44" stroke="{a}" stroke-width="5" stroke-linecap="round"/><circle cx="168" cy="156" r="6" fill="{a}"/><circle cx="194" cy="156" r="6" fill="{a}"/>'
    '<path d="M116 220q64 22 128 0M112 262q68 22 136 0" stroke="{d}" stroke-width="5" fill="none" opacity=".4"/><path d="M288 320q-14-70 30-84 44 14 30 84z" fill="{d}"/><path d="M296 252q22-10 44 0" stroke="{a}" stroke-width="6" fill="none" stroke-linecap="round"/><path d="M318 236q-6-22 10-26" stroke="{a}" stroke-width="5" fill="none" stroke-linecap="round"/>',
    "open-headphones": '<path d="M92 220q-6-126 108-126t108 126" fill="none" stroke="{d}" stroke-width="18" stroke-linecap="round"/><path d="M120 190q10-66 80-66t80 66" fill="none" stroke="{a}" stroke-width="9"/>'
    + "".join(
        f'<ellipse cx="{x}" cy="252" rx="54" ry="66" fill="{{d}}"/><ellipse cx="{x}" cy="252" rx="42" ry="53" fill="{{c}}"/><g stroke="{{l}}" stroke-width="4" opacity=".6"><path d="M{x - 34} 222h68M{x - 40} 237h80M{x - 41} 252h82M{x - 40} 267h80M{x - 34} 282h68M{x - 20} 206v92M{x} 200v104M{x + 20} 206v92"/></g><circle cx="{x}" cy="252" r="9" fill="{{a}}"/>'
        for x in (104, 296)
    )
    + foot(120),
    "wired-earphones": foot(110)
    + '<path d="M124 172q-10 96 76 108t76-108" fill="none" stroke="{d}" stroke-width="7"/><path d="M200 280v10q0 24 30 24t30 14" fill="none" stroke="{d}" stroke-width="7"/><rect x="188" y="262" width="24" height="34" rx="8" fill="{a}"/><rect x="250" y="306" width="46" height="16" rx="6" fill="{d}"/><path d="M296 314h26" stroke="{a}" stroke-width="7" stroke-linecap="round"/>'
    + "".join(
        f'<g transform="translate({x} 0) scale({flip} 1)"><path d="M-20 130l-34-20q-16 10-16 34t16 34l34-20z" fill="{{l}}" stroke="{{d}}" stroke-width="5"/><rect x="-24" y="108" width="56" height="72" rx="24" fill="#b98a5a"/><path d="M-10 124q18-6 30 2M-14 144q22-8 40 0M-10 164q18-6 30 0" stroke="#8a5f34" stroke-width="4" fill="none" stroke-linecap="round"/></g>'
        for x, flip in ((124, 1), (276, -1))
    ),
    "headset": '<path d="M96 232q-6-140 104-140t104 140" fill="none" stroke="{d}" stroke-width="17" stroke-linecap="round"/><rect x="70" y="206" width="64" height="96" rx="28" fill="{c}"/><rect x="266" y="206" width="64" height="96" rx="28" fill="{c}"/><rect x="118" y="214" width="24" height="80" rx="12" fill="{a}"/><rect x="258" y="214" width="24" height="80" rx="12" fill="{a}"/><path d="M100 296q6 40 78 36" stroke="{d}" stroke-width="9" fill="none" stroke-linecap="round"/>'
    '<rect x="168" y="316" width="52" height="30" rx="15" fill="{c}"/><path d="M182 324v14M194 322v18M206 324v14" stroke="{l}" stroke-width="4" stroke-linecap="round"/><path d="M186 160h66q12 0 12 12v26q0 12-12 12h-26l-20 18v-18h-20q-12 0-12-12v-26q0-12 12-12z" fill="#fff"/><circle cx="198" cy="186" r="6" fill="{c}"/><circle cx="219" cy="186" r="6" fill="{c}"/><circle cx="240" cy="186" r="6" fill="{c}"/>',
    "crank-radio": foot(136)
    + '<path d="M110 146L84 60" stroke="{d}" stroke-width="7" stroke-linecap="round"/><rect x="70" y="140" width="240" height="178" rx="24" fill="{c}"/><rect x="104" y="124" width="110" height="22" rx="6" fill="#3d405b"/><path d="M126 124v22M148 124v22M170 124v22M192 124v22" stroke="#8aa0c8" stroke-width="3"/><circle cx="144" cy="232" r="52" fill="{l}"/><g fill="{d}">'
    + "".join(
        f'<circle cx="{144 + dx}" cy="{232 + dy}" r="5"/>' for dx in (-28, -9, 10, 29) for dy in (-28, -9, 10, 29)
    )
    + '</g><rect x="214" y="174" width="78" height="34" rx="8" fill="{l}"/><path d="M230 200v-18M246 200v-10M262 200v-18M278 200v-10" stroke="{c}" stroke-width="4"/><path d="M310 236h26v-64" stroke="{d}" stroke-width="11" fill="none" stroke-linejoin="round" stroke-linecap="round"/><circle cx="336" cy="160" r="16" fill="{a}"/><circle cx="300" cy="236" r="15" fill="{d}"/>'
    '<circle cx="238" cy="266" r="22" fill="{a}"/><path d="M238 266l10-14" stroke="{d}" stroke-width="5" stroke-linecap="round"/>',
    "upright-mouse": foot(108)
    + '<path d="M104 320q-14 0-12-18 4-96 46-152 30-38 78-32 74 14 84 112 4 52-2 74-4 16-22 16z" fill="{c}"/><path d="M142 146q34-34 74-28 74 14 84 112-38 26-80 22-50-8-66-48-8-26-12-58z" fill="{d}" opacity=".55"/><path d="M164 132q18 50 84 68" stroke="{l}" stroke-width="4" fill="none" opacity=".7"/><rect x="222" y="134" width="20" height="46" rx="10" fill="{a}" transform="rotate(38 232 157)"/><path d="M118 236q22-16 42 6t44 18" stroke="{l}" stroke-width="6" fill="none" stroke-linecap="round" opacity=".7"/>'
    '<path d="M130 252l22 14" stroke="{a}" stroke-width="9" stroke-linecap="round"/><circle cx="286" cy="300" r="5" fill="{a}"/>',
    "clip-light": foot(90)
    + '<path d="M132 146L48 316h196z" fill="{a}" opacity=".28"/><path d="M292 250q44-90-12-128-40-24-90 2" fill="none" stroke="{d}" stroke-width="11" stroke-linecap="round" stroke-dasharray="2 12"/><path d="M292 250q44-90-12-128-40-24-90 2" fill="none" stroke="{d}" stroke-width="6"/><path d="M196 84q22 28 8 54L92 172q-16-44 16-72t88-16z" fill="{c}"/><path d="M204 138L92 172l6 12 112-34z" fill="{d}"/><path d="M250 246h84l14 22q4 8-6 8h-86q-10 0-10-10z" fill="{c}"/>'
    '<path d="M250 318h84l14-22q4-8-6-8h-86q-10 0-10 10z" fill="{c}"/><circle cx="262" cy="282" r="13" fill="{a}"/><path d="M300 276h80v12h-80z" fill="#b98a5a"/>',
    "night-light": '<circle cx="200" cy="196" r="150" fill="{a}" opacity=".18"/><circle cx="200" cy="196" r="104" fill="{a}" opacity=".28"/>'
    + foot(80)
    + '<path d="M132 196q0-76 68-76t68 76v84q0 40-40 40h-56q-40 0-40-40z" fill="#fff"/><path d="M132 214q0-94 68-94t68 94z" fill="#fff3cf"/><path d="M132 214h136v66q0 40-40 40h-56q-40 0-40-40z" fill="{c}"/><circle cx="200" cy="262" r="26" fill="{d}"/><circle cx="200" cy="262" r="15" fill="{l}"/><circle cx="194" cy="256" r="5" fill="#fff"/>'
    '<path d="M176 172a26 26 0 1 0 34-24 22 22 0 0 1-34 24z" fill="{a}"/><circle cx="234" cy="150" r="4" fill="{a}"/><circle cx="164" cy="152" r="3" fill="{a}"/>',
    "marked-bottle": foot(74)
    + '<rect x="140" y="110" width="120" height="210" rx="26" fill="{c}" opacity=".35"/><path d="M148 196h104v96q0 20-20 20h-64q-20 0-20-20z" fill="{c}" opacity=".75"/><ellipse cx="200" cy="196" rx="52" ry="9" fill="#fff" opacity=".55"/><rect x="140" y="110" width="120" height="210" rx="26" fill="none" stroke="{d}" stroke-width="5" opacity=".7"/>'
    '<rect x="154" y="66" width="92" height="44" rx="10" fill="{d}"/><path d="M246 84h26q14 0 14 16v40" stroke="{a}" stroke-width="9" fill="none" stroke-linecap="round"/><path d="M228 150h22M236 176h14M228 202h22M236 228h14M228 254h22M236 280h14" stroke="#fff" stroke-width="5" stroke-linecap="round"/><path d="M160 136v140" stroke="#fff" stroke-width="9" stroke-linecap="round" opacity=".6"/>',
    "flask": foot(110)
    + '<path d="M120 318V156q0-34 44-40h36q44 6 44 40v162z" fill="{c}"/><path d="M120 240h124v78q0 4-4 4H124q-4 0-4-4z" fill="{d}"/><rect x="136" y="56" width="92" height="62" rx="12" fill="{a}"/><path d="M136 78h92M136 96h92" stroke="{d}" stroke-width="3" opacity=".4"/><path d="M138 160v64" stroke="#fff" stroke-width="10" opacity=".3" stroke-linecap="round"/><path d="M156 214l24-38 16 22 12-18 22 34z" fill="{l}"/>'
    '<path d="M268 248h86l-8 62q-2 10-12 10h-46q-10 0-12-10z" fill="{a}"/><ellipse cx="311" cy="248" rx="43" ry="10" fill="{d}"/><path d="M298 226q-10-16 0-32M324 226q-10-16 0-32" stroke="{d}" stroke-width="6" fill="none" stroke-linecap="round" opacity=".3"/>',
    "bath-speaker": foot(120)
    + '<path d="M104 140q-34-40 0-70 40-24 84 8" fill="none" stroke="{a}" stroke-width="9" stroke-linecap="round"/><rect x="76" y="126" width="248" height="192" rx="92" fill="{c}"/><circle cx="200" cy="222" r="82" fill="{d}"/><g fill="{c}">'
    + "".join(
        f'<circle cx="{200 + 22 * x}" cy="{222 + 22 * y}" r="5"/>'
        for x in range(-3, 4)
        for y in range(-3, 4)
        if x * x + y * y < 11
    )
    + '</g><circle cx="200" cy="222" r="82" fill="none" stroke="{l}" stroke-width="5" opacity=".5"/><circle cx="104" cy="200" r="7" fill="{l}"/><circle cx="104" cy="226" r="7" fill="{l}"/><circle cx="104" cy="252" r="7" fill="{a}"/><g fill="#6fa3cf"><path d="M318 96q18 24 18 38a18 18 0 0 1-36 0q0-14 18-38z"/><path d="M276 60q12 17 12 27a12 12 0 0 1-24 0q0-10 12-27z" opacity=".7"/><path d="M356 168q10 14 10 22a10 10 0 0 1-20 0q0-8 10-22z" opacity=".7"/></g>',
}
