"""What the shop sells: 120 products, five in each of the 24 categories at the ends of the tree."""

from dataclasses import dataclass

from shop.local.seed.looks import LOOKS

__all__ = ["GOODS", "Good"]


@dataclass(frozen=True, slots=True)
class Good:
    """A product in both languages. Attributes are told in Japanese, as the shop's own texts are."""

    category: str
    price: int
    ja: str
    en: str
    about_ja: str
    about_en: str
    attributes: dict[str, str]
    shape: str | None = None  # of its picture; that of its category unless told
    palette: int | None = None


def good(category: str, price: int, ja: str, en: str, about_ja: str, about_en: str, **attributes: str) -> Good:
    """A product; the keyword arguments are its attributes."""
    shape, palette = LOOKS.get(ja, (None, None))
    return Good(category, price, ja, en, about_ja, about_en, attributes, shape, palette)


# fmt: off
GOODS = (
    good("pans", 6800, "鉄のフライパン 26cm", "Iron frying pan 26 cm", "育つほどに焦げつかなくなる、一生ものの一枚。ステーキの焼き目が違います。", "Gets better with every use. Nothing sears a steak like it.", 素材="鉄", サイズ="26 cm", 対応熱源="IH・ガス"),
    good("pans", 4200, "小さな鉄スキレット 16cm", "Little iron skillet 16 cm", "目玉焼きふたつにちょうどいい大きさ。そのまま食卓へ。", "Just right for two fried eggs, and goes straight to the table.", 素材="鋳鉄", サイズ="16 cm"),
    good("pans", 5400, "銅の玉子焼き器", "Copper omelette pan", "熱がむらなく伝わり、だし巻きがふっくら焼けます。", "Spreads the heat evenly for soft rolled omelettes.", 素材="銅", サイズ="18 x 12 cm"),
    good("pans", 3600, "軽いアルミのいため鍋 28cm", "Light aluminium wok 28 cm", "片手で振れる軽さ。野菜炒めがしゃきっと仕上がります。", "Light enough to toss with one hand; keeps vegetables crisp.", 素材="アルミニウム", サイズ="28 cm"),
    good("pans", 8900, "ステンレス三層フライパン 24cm", "Three-ply steel pan 24 cm", "弱火でじっくり、ソースまでひと鍋で。お手入れも簡単です。", "Slow heat and a sauce in the same pan, and easy to clean.", 素材="ステンレス三層鋼", サイズ="24 cm"),
    good("pots", 12800, "琺瑯の両手鍋 22cm", "Enamel casserole 22 cm", "煮込みも、パンを焼くのも。白い琺瑯は台所が明るくなります。", "For stews and for bread. White enamel brightens the kitchen.", 素材="琺瑯", 容量="3.8 L"),
    good("pots", 9800, "土鍋 三合炊き", "Clay rice pot, 3 cups", "火加減いらずで、おこげまでおいしいごはんが炊けます。", "Perfect rice without minding the flame, crust included.", 素材="陶土", 容量="1.8 L"),
    good("pots", 3300, "行平鍋 18cm", "Yukihira saucepan 18 cm", "朝のみそ汁はこれひとつ。注ぎ口は左右どちらでも。", "All you need for morning miso soup; pours from either side.", 素材="アルミニウム", サイズ="18 cm"),
    good("pots", 15400, "鋳物の無水鍋 20cm", "Cast waterless pot 20 cm", "野菜の水分だけで煮る、甘みを逃がさない鍋。", "Cooks vegetables in their own juice and keeps them sweet.", 素材="鋳鉄琺瑯", 容量="2.6 L"),
    good("pots", 5600, "麺ゆで鍋 中かご付き", "Noodle pot with basket", "かごごと上げて湯切り。そばもパスタもひとりで楽に。", "Lift the basket and drain. Soba or pasta without help.", 素材="ステンレス", 容量="4.5 L"),
    good("bowls", 2200, "粉引の飯碗", "Kohiki rice bowl", "やわらかな白。使うほどに色が育つ粉引の茶碗です。", "A soft white glaze that gathers colour with use.", 素材="陶器", 直径="12 cm"),
    good("bowls", 3800, "青磁の鉢 21cm", "Celadon bowl 21 cm", "煮物も果物も映える、澄んだ青の中鉢。", "A clear blue-green bowl that flatters stews and fruit alike.", 素材="磁器", 直径="21 cm"),
    good("bowls", 1600, "染付の小皿 五枚組", "Blue-and-white small plates, five", "一枚ずつ違う野の花。しょうゆ皿にも菓子皿にも。", "Five wild flowers, for soy sauce or for sweets.", 素材="磁器", 枚数="5"),
    good("bowls", 4600, "漆の汁椀", "Lacquer soup bowl", "手に軽く、口あたりやさしい。国産のけやきを挽きました。", "Light in the hand and gentle at the lips; turned from zelkova.", 素材="けやき・漆", 容量="400 ml"),
    good("bowls", 2900, "木のサラダボウル", "Wooden salad bowl", "アカシアの一枚板から。パンを盛っても絵になります。", "Cut from one piece of acacia. Bread looks good in it too.", 素材="アカシア", 直径="25 cm"),
    good("cups", 1800, "朝のマグ 白", "Morning mug, white", "持ち手に指が三本入る、たっぷりのマグカップ。", "A generous mug with room for three fingers.", 素材="磁器", 容量="350 ml"),
    good("cups", 2400, "萩焼の湯のみ", "Hagi teacup", "お茶がしみて七変化。手のひらになじむ土ものです。", "Earthenware that changes as tea seeps in.", 素材="陶器", 容量="180 ml"),
    good("cups", 3200, "耐熱ガラスのカフェオレ碗", "Glass cafe au lait bowl", "二重のガラスで熱くなく、冷めにくい。", "Double glass: cool outside, warm inside.", 素材="耐熱ガラス", 容量="300 ml"),
    good("cups", 1500, "琺瑯マグ 紺", "Enamel mug, navy", "落としても割れない、山でも使える琺瑯マグ。", "Will not break, at home or on a hill.", 素材="琺瑯", 容量="280 ml"),
    good("cups", 5800, "夫婦湯のみ 木箱入り", "Pair of teacups in a wooden box", "大小ひと組を桐箱に。お祝いの品にどうぞ。", "A large and a small one in a box of paulownia. For a wedding.", 素材="磁器", 個数="2"),
    good("beans", 1480, "深煎りブレンド 夜想 200g", "Dark blend Nocturne 200 g", "チョコレートのような苦みと長い余韻。ミルクにも負けません。", "Bitter chocolate and a long finish; stands up to milk.", 焙煎="深煎り", 内容量="200 g"),
    good("beans", 1680, "エチオピア イルガチェフェ 200g", "Ethiopia Yirgacheffe 200 g", "ジャスミンとレモン。紅茶のように軽やかな浅煎りです。", "Jasmine and lemon; a light roast almost like tea.", 焙煎="浅煎り", 内容量="200 g"),
    good("beans", 1280, "毎日のブレンド 晴 200g", "Everyday blend Hare 200 g", "飽きのこない中煎り。朝の一杯目にどうぞ。", "A medium roast one does not tire of. The first cup of the day.", 焙煎="中煎り", 内容量="200 g"),
    good("beans", 1580, "カフェインレス コロンビア 200g", "Decaf Colombia 200 g", "夜でも安心。甘みとこくはそのままに。", "For the evening, with sweetness and body left in.", 焙煎="中深煎り", 内容量="200 g"),
    good("beans", 980, "水出しコーヒーバッグ 4個", "Cold brew bags, four", "水に入れて一晩。夏の冷蔵庫の定番です。", "Into water overnight. A fixture of summer fridges.", 焙煎="深煎り", 内容量="35 g x 4"),
    good("drippers", 2600, "円すいドリッパー 白磁", "Cone dripper, white porcelain", "らせんの溝が湯の流れを整えます。二杯用。", "Spiral ribs guide the water. For two cups.", 素材="磁器", 杯数="1-2"),
    good("drippers", 7800, "細口ケトル 0.9L", "Gooseneck kettle 0.9 L", "一滴ずつ落とせる細い注ぎ口。手首が疲れません。", "Pours drop by drop without tiring the wrist.", 素材="ステンレス", 容量="0.9 L"),
    good("drippers", 8600, "手挽きコーヒーミル", "Hand coffee mill", "セラミックの刃で静かに挽く、十五秒の朝の支度。", "Ceramic burrs, quiet mornings.", 素材="木・セラミック", 容量="30 g"),
    good("drippers", 700, "円すいペーパー 100枚", "Cone filters, 100", "無漂白の紙。においがなく、味を邪魔しません。", "Unbleached, odourless, out of the way.", 素材="紙", 枚数="100"),
    good("drippers", 4800, "ガラスのコーヒーサーバー", "Glass coffee server", "目盛りがひと目でわかる、軽い耐熱ガラス。", "Light glass with marks you can read.", 素材="耐熱ガラス", 容量="600 ml"),
    good("leaves", 1200, "八女の煎茶 100g", "Yame sencha 100 g", "うまみの濃い一番茶。七十度のお湯でどうぞ。", "Rich first flush; brew at seventy degrees.", 産地="福岡県八女市", 内容量="100 g"),
    good("leaves", 860, "加賀の棒ほうじ茶 100g", "Kaga roasted stem tea 100 g", "香ばしい茎のほうじ茶。夜にもやさしい味。", "Toasty stems, mild enough for the evening.", 産地="石川県", 内容量="100 g"),
    good("leaves", 2400, "宇治の抹茶 30g", "Uji matcha 30 g", "石臼で挽いた、点てて甘い抹茶です。", "Stone-ground and sweet when whisked.", 産地="京都府宇治市", 内容量="30 g"),
    good("leaves", 980, "和紅茶 ティーバッグ 20個", "Japanese black tea, 20 bags", "渋みの少ない国産紅茶。ミルクなしで香りを。", "Low in tannin; enjoy the scent without milk.", 産地="静岡県", 内容量="2 g x 20"),
    good("leaves", 760, "麦茶 丸粒 500g", "Barley tea, whole grain 500 g", "煮出して冷やす、夏の昔ながらの味。", "Boil and chill: summer as it used to taste.", 産地="福井県", 内容量="500 g"),
    good("teapots", 6200, "常滑の急須 朱泥", "Tokoname teapot, red clay", "茶葉がよく開く丸い胴。水切れのよい注ぎ口です。", "A round body for the leaves and a spout that does not drip.", 素材="陶器", 容量="360 ml"),
    good("teapots", 12000, "南部鉄瓶 0.8L", "Nambu iron kettle 0.8 L", "湯がまろやかになる鉄瓶。直火とIHで使えます。", "Makes water soft; for flame and induction.", 素材="鋳鉄", 容量="0.8 L"),
    good("teapots", 3400, "ガラスのティーポット", "Glass teapot", "葉の踊る様子が見える、茶こし付き。", "Watch the leaves dance. With a strainer.", 素材="耐熱ガラス", 容量="500 ml"),
    good("teapots", 2800, "茶筅 八十本立", "Bamboo whisk, 80 prongs", "奈良の竹から一本ずつ。細かい泡が立ちます。", "Cut from Nara bamboo for a fine foam.", 素材="竹", 産地="奈良県生駒市"),
    good("teapots", 3900, "桜皮の茶筒", "Cherry bark tea caddy", "湿気を防ぐ山桜の樹皮。蓋がすうっと落ちます。", "Bark that keeps the damp out; the lid sinks by itself.", 素材="山桜の樹皮", 容量="100 g"),
    good("pens", 12000, "万年筆 藍軸 細字", "Fountain pen, indigo, fine", "紙をすべる14金のペン先。長い手紙を書きたくなります。", "A 14 carat nib that makes you write long letters.", 字幅="細字", 素材="樹脂・14金"),
    good("pens", 1500, "真鍮のボールペン", "Brass ballpoint pen", "使うほど色が深まる、重さの心地よい一本。", "Pleasantly heavy; darkens with use.", 字幅="0.7 mm", 素材="真鍮"),
    good("pens", 900, "顔料インクのサインペン 5色", "Pigment felt pens, 5 colours", "水に強く、にじまない。図を描く人に。", "Waterproof. For people who draw diagrams.", 字幅="0.5 mm", 色数="5"),
    good("pens", 1800, "万年筆インク 月夜 50ml", "Fountain pen ink, Moonlit 50 ml", "青とも黒ともつかない、夜の色。", "Neither blue nor black: night.", 内容量="50 ml", 種類="染料"),
    good("pens", 400, "三色ボールペン", "Three-colour ballpoint", "会議の友。替え芯は近くのお店で。", "A friend in meetings; refills everywhere.", 字幅="0.5 mm", 色数="3"),
    good("pencils", 1100, "木軸の鉛筆 12本 HB", "Wooden pencils HB, a dozen", "北海道の木で作った、削ると香る鉛筆。", "Northern wood that smells when sharpened.", 硬度="HB", 本数="12"),
    good("pencils", 2600, "製図用シャープペン 0.3mm", "Drafting pencil 0.3 mm", "線がぶれない低重心。細かい図面に。", "Low and steady, for fine drawings.", 芯径="0.3 mm", 素材="アルミニウム"),
    good("pencils", 350, "よく消える消しゴム", "Eraser that erases", "軽い力で、消しくずがまとまります。", "A light touch, and the crumbs stay together.", 素材="樹脂", 個数="1"),
    good("pencils", 2200, "色鉛筆 24色 缶入り", "Coloured pencils, 24 in a tin", "重ねて混ざる、やわらかな芯。", "Soft leads that blend.", 色数="24", 素材="木"),
    good("pencils", 1300, "真鍮の鉛筆削り", "Brass sharpener", "手のひらに隠れる、一生使える小さな道具。", "Hides in a palm and lasts a lifetime.", 素材="真鍮", 個数="1"),
    good("notebooks", 1200, "方眼ノート A5 糸綴じ", "Grid notebook A5, sewn", "百八十度に開く糸綴じ。万年筆でも裏抜けしません。", "Opens flat, and ink stays on its side.", サイズ="A5", 枚数="96"),
    good("notebooks", 3800, "革の手帳カバー", "Leather notebook cover", "植物なめしの牛革。傷も味になります。", "Vegetable tanned; scratches become charm.", 素材="牛革", サイズ="A6"),
    good("notebooks", 680, "測量野帳 三冊組", "Field notebooks, three", "立ったまま書ける硬い表紙。現場の定番です。", "A stiff cover to write on standing up.", サイズ="165 x 91 mm", 冊数="3"),
    good("notebooks", 1600, "五年日記", "Five-year diary", "一日四行。去年の今日と並べて読めます。", "Four lines a day, beside last year's.", サイズ="A5", 年数="5"),
    good("notebooks", 540, "リングメモ 3冊", "Ring memo pads, three", "思いついたらすぐ。切り取り線つき。", "For sudden ideas. Perforated.", サイズ="A7", 冊数="3"),
    good("letters", 900, "美濃和紙の便箋", "Mino paper letter set", "光にかざすと繊維が見える、手漉きの紙。", "Handmade; hold it to the light.", 素材="和紙", 枚数="20"),
    good("letters", 600, "活版のはがき 季節 6枚", "Letterpress postcards, six", "へこみが指に触れる、四季の絵はがき。", "Seasons you can feel with a finger.", 素材="コットン紙", 枚数="6"),
    good("letters", 480, "封筒 洋形 空色 10枚", "Envelopes, sky blue, ten", "便箋とおそろいの、晴れた日の色。", "The colour of a clear day.", サイズ="洋2", 枚数="10"),
    good("letters", 1400, "封蝋セット", "Sealing wax set", "一通ずつ封をする、ゆっくりした時間。", "Slow evenings, one letter at a time.", 素材="蝋・真鍮", 内容="蝋3本・印1本"),
    good("letters", 780, "一筆箋 猫", "Short notes, cats", "ひとこと添えるための、気ままな猫たち。", "Easygoing cats for a line or two.", 枚数="50", サイズ="82 x 178 mm"),
    good("tents", 38000, "二人用テント 山笑う", "Two-person tent Yamawarau", "ひとりでも五分で立つ。雨の夜も静かです。", "Up in five minutes alone, quiet in the rain.", 人数="2", 重量="1.9 kg"),
    good("tents", 16800, "羽毛の寝袋 0度", "Down sleeping bag 0 C", "一キロを切る軽さ。春から秋まで。", "Under a kilogram, spring to autumn.", 重量="980 g", 快適温度="0 ℃"),
    good("tents", 5400, "折りたたみマット", "Folding mat", "段ボールのように畳む、冷えない断熱マット。", "Folds like a card and keeps the cold out.", 重量="410 g", 厚さ="2 cm"),
    good("tents", 7200, "タープ 3x3m", "Tarp 3 x 3 m", "日陰がひとつあれば、どこでも居間になります。", "One shade makes a living room.", サイズ="3 x 3 m", 重量="780 g"),
    good("tents", 2900, "空気まくら", "Air pillow", "三呼吸でふくらむ。畳めばポケットに。", "Three breaths to fill; pocket-sized.", 重量="80 g", 素材="ナイロン"),
    good("fire", 8800, "焚き火台 小", "Small fire pit", "A4に畳める、ひとりの夜の火。", "Folds to a sheet of paper; a fire for one.", 重量="1.1 kg", 素材="ステンレス"),
    good("fire", 6400, "アルコールストーブ", "Alcohol stove", "音もなく湯が沸く、真鍮の小さな火。", "A small brass flame that boils in silence.", 重量="110 g", 素材="真鍮"),
    good("fire", 4600, "チタンのクッカー 0.7L", "Titanium pot 0.7 L", "軽さは正義。ガス缶がすっぽり入ります。", "Light is right. A gas can fits inside.", 容量="0.7 L", 重量="98 g"),
    good("fire", 5200, "火ばさみと革手袋", "Tongs and leather gloves", "薪をつかむ、灰を払う。最初にそろえたい二つ。", "To grip logs and brush ashes: the first two things.", 素材="鉄・牛革", 内容="2点"),
    good("fire", 3300, "ホットサンドメーカー", "Sandwich iron", "耳まで閉じて、外でも熱々。", "Seals the crust, hot outdoors too.", 素材="アルミニウム", サイズ="15 x 14 cm"),
    good("bags", 14800, "山のリュック 30L", "Mountain backpack 30 L", "背中に風が通る、日帰りから一泊まで。", "Air at the back; for a day or a night.", 容量="30 L", 重量="920 g"),
    good("bags", 9800, "帆布のリュック 18L", "Canvas backpack 18 L", "通勤にも山道にも。雨をはじく蝋引き帆布。", "For trains and trails; waxed against rain.", 容量="18 L", 素材="帆布"),
    good("bags", 3200, "畳めるサブザック 12L", "Folding daypack 12 L", "卵ひとつの大きさに。旅のもうひとつの鞄。", "Packs to the size of an egg.", 容量="12 L", 重量="110 g"),
    good("bags", 2600, "防水スタッフバッグ 3枚", "Dry bags, three", "色で分ける、濡らしたくないもの。", "Sort by colour what must stay dry.", 容量="3 / 8 / 13 L", 枚数="3"),
    good("bags", 5800, "サコッシュ 苔色", "Sacoche, moss", "地図と飴と切符。すぐ出したいものを。", "Map, sweets, ticket: within reach.", 素材="ナイロン", 重量="95 g"),
    good("bottles", 3600, "真空水筒 500ml 砂色", "Vacuum bottle 500 ml, sand", "朝の熱さが昼まで。片手で開きます。", "Morning heat until noon; opens with one hand.", 容量="500 ml", 保温="6時間 68 ℃"),
    good("bottles", 2200, "軽い水筒 1L", "Light bottle 1 L", "割れない樹脂。目盛りで飲んだ量がわかります。", "Unbreakable, with marks to drink by.", 容量="1 L", 重量="150 g"),
    good("bottles", 4800, "山専用ポット 900ml", "Mountain flask 900 ml", "氷点下でカップ麺が作れる保温力。", "Hot noodles below zero.", 容量="900 ml", 保温="6時間 77 ℃"),
    good("bottles", 1900, "折りたたみカップ", "Folding cup", "ポケットに平らに。沢の水をひとすくい。", "Flat in a pocket; a scoop from the stream.", 容量="200 ml", 素材="シリコーン"),
    good("bottles", 2800, "浄水ストロー", "Filter straw", "災害のそなえにも。千リットルまで。", "Up to a thousand litres; for emergencies too.", 寿命="1000 L", 重量="60 g"),
    good("observability", 3200, "見える化のはじめかた", "Making Systems Visible", "ログ、メトリクス、トレース。三本柱を一杯のコーヒーから学ぶ入門書。", "Logs, metrics and traces, learned from one cup of coffee.", 著者="観測 太郎", ページ数="288"),
    good("observability", 3800, "分散トレースを読む", "Reading Distributed Traces", "一本の注文が旅する道のりを、スパンごとにたどります。", "Follow one order, span by span.", 著者="軌跡 花", ページ数="312"),
    good("observability", 2900, "SLOの現場", "SLOs in Practice", "エラーバジェットを家計簿のように。会議で使える実例集。", "Error budgets kept like household accounts.", 著者="水準 守", ページ数="240"),
    good("observability", 3400, "PromQL百本ノック", "A Hundred PromQL Drills", "rateからhistogram_quantileまで、手を動かして覚える百問。", "From rate to histogram_quantile, by doing.", 著者="問 一", ページ数="264"),
    good("observability", 2600, "障害対応の物語", "Tales of Incidents", "夜中の三時に役に立つ、十二の失敗と学び。", "Twelve failures, useful at three in the morning.", 著者="夜番 明", ページ数="224"),
    good("programming", 3600, "Pythonで作る小さなサービス", "Small Services in Python", "五つのサービスを一から。型とテストと、読みやすさと。", "Five services from nothing: types, tests, and legibility.", 著者="蛇 ゆかり", ページ数="400"),
    good("programming", 4200, "イベント駆動の設計", "Event-Driven Design", "順序、重複、欠落。届かないメッセージと暮らす方法。", "Order, repeats, gaps: living with messages that do not come.", 著者="事象 進", ページ数="368"),
    good("programming", 2800, "SQLの読み書き", "Reading and Writing SQL", "索引が効く文、効かない文。実行計画の見方まで。", "Which queries use an index, and how to see it.", 著者="表 計", ページ数="256"),
    good("programming", 3000, "ネットワークの絵本", "Networks in Pictures", "パケットの一生を絵で。大人も子どもも。", "The life of a packet, drawn. For all ages.", 著者="網 結", ページ数="128"),
    good("programming", 2400, "名前の付け方", "Naming Things", "変数、関数、チーム。よい名前は半分の設計です。", "Variables, functions, teams: a good name is half the design.", 著者="命名 遥", ページ数="176"),
    good("recipes", 1800, "土鍋ひとつの四季", "Four Seasons in One Pot", "春の豆ごはんから冬の寄せ鍋まで、六十の献立。", "Sixty meals, from spring peas to winter stews.", 著者="鍋島 温", ページ数="144"),
    good("recipes", 1600, "毎朝のみそ汁", "Miso Soup Every Morning", "具の組み合わせ三百六十五。だしは三種類だけ。", "365 combinations, three kinds of stock.", 著者="朝倉 汁子", ページ数="128"),
    good("recipes", 2200, "珈琲店のおやつ", "Sweets of a Coffee House", "固めのプリン、厚いトースト。喫茶店の味を家で。", "Firm pudding and thick toast at home.", 著者="喫茶 純", ページ数="112"),
    good("recipes", 1900, "焚き火の料理", "Cooking on a Campfire", "火を見て、待って、食べる。外ごはんの手引き。", "Watch the fire, wait, eat.", 著者="薪野 燃", ページ数="136"),
    good("recipes", 1700, "はじめての漬物", "First Pickles", "塩と時間だけ。冷蔵庫でできる二十五種。", "Salt and time: twenty-five from the fridge.", 著者="糠床 香", ページ数="96"),
    good("picture-books", 1500, "ちいさなスパンの冒険", "The Little Span's Adventure", "親スパンとはぐれた小さなスパンの、長い一日。", "A small span loses its parent for a long day.", 対象="3歳から", ページ数="32"),
    good("picture-books", 1400, "ねこのゆうびんきょく", "The Cats' Post Office", "手紙は必ず届きます。ときどき二回。", "Letters always arrive. Sometimes twice.", 対象="3歳から", ページ数="32"),
    good("picture-books", 1600, "おべんとうバス", "The Lunchbox Bus", "たまごやきも、たこさんも。順番に乗りましょう。", "Omelette and octopus board in order.", 対象="2歳から", ページ数="24"),
    good("picture-books", 1300, "よるのキャンプ", "Camp at Night", "暗いから見えるものがある、と父さんは言った。", "Some things are seen only in the dark, said Father.", 対象="4歳から", ページ数="36"),
    good("picture-books", 1500, "やかんのうた", "The Kettle's Song", "しゅんしゅん、ことこと。台所の音をさがそう。", "Whistle and rattle: find the kitchen's sounds.", 対象="1歳から", ページ数="20"),
    good("headphones", 24800, "静寂ヘッドホン", "Quiet headphones", "電車の音が遠くなる。一度の充電で三十時間。", "Trains fade away; thirty hours on a charge.", 接続="無線", 重量="245 g"),
    good("headphones", 9800, "小さなイヤホン 貝", "Little earbuds Kai", "貝殻のようなケース。話し声もはっきり届きます。", "In a shell of a case; speech stays clear.", 接続="無線", 連続再生="7時間"),
    good("headphones", 18600, "開放型ヘッドホン", "Open-back headphones", "部屋の空気ごと鳴らす、家で聴く人のために。", "Plays the air of the room, for listening at home.", 接続="有線", 重量="260 g"),
    good("headphones", 3200, "有線イヤホン 木", "Wired earphones, wood", "楓を削った筐体。やわらかい弦の音。", "Maple shells and soft strings.", 接続="有線", 素材="楓"),
    good("headphones", 5400, "会議用ヘッドセット", "Meeting headset", "周りの音を消すマイク。机の下で迷わない長いコード。", "A microphone that hears only you.", 接続="USB", 重量="130 g"),
    good("speakers", 15800, "棚の上のスピーカー", "Bookshelf speaker", "胡桃の箱から、人の声がそこにいるように。", "From a walnut box, voices as if in the room.", 接続="無線", 素材="胡桃"),
    good("speakers", 8200, "防水の小型スピーカー", "Small waterproof speaker", "風呂でも川でも。落としても浮きます。", "Bath or river; it floats.", 接続="無線", 連続再生="12時間"),
    good("speakers", 6600, "台所のラジオ", "Kitchen radio", "大きなつまみひとつ。朝の六時に起こしてくれます。", "One big knob; wakes you at six.", 電源="AC・電池", 重量="600 g"),
    good("speakers", 5200, "手回し防災ラジオ", "Crank emergency radio", "灯りと充電も。押し入れにひとつ。", "Light and charger too. One for the cupboard.", 電源="手回し・太陽電池", 重量="290 g"),
    good("speakers", 34800, "レコードプレーヤー", "Record player", "針を落とすだけの全自動。はじめての一台に。", "Fully automatic; a first player.", 回転数="33・45", 重量="3.1 kg"),
    good("keyboards", 19800, "静かなキーボード 75%", "Quiet keyboard 75 %", "深く、静かに。夜の書きものの相棒です。", "Deep and quiet, for writing at night.", 配列="日本語", 接続="無線・USB"),
    good("keyboards", 27800, "分割キーボード", "Split keyboard", "肩がひらく左右分離。好きな角度で。", "Open shoulders, at your own angle.", 配列="英語", 接続="USB"),
    good("keyboards", 6800, "縦型マウス", "Vertical mouse", "握手の形で、手首をいたわります。", "A handshake for your wrist.", 接続="無線", 重量="95 g"),
    good("keyboards", 4200, "木のリストレスト", "Wooden wrist rest", "ひんやり、すべすべ。ブナの一枚。", "Cool and smooth; one piece of beech.", 素材="ブナ", サイズ="31 x 8 cm"),
    good("keyboards", 3500, "数字キーパッド", "Number pad", "家計簿も経費精算も、これで半分の時間に。", "Accounts in half the time.", 接続="無線", 重量="110 g"),
    good("lamps", 13800, "手元を照らす机の灯", "Desk lamp", "影のできない広い光。色は夕方に向けて暖かく。", "Wide light without shadows, warmer towards evening.", 明るさ="900 lm", 電源="AC"),
    good("lamps", 7600, "持ち歩ける灯 行灯", "Portable lamp Andon", "和紙ごしのやわらかい光。停電の夜にも。", "Soft light through paper, in blackouts too.", 連続点灯="20時間", 重量="480 g"),
    good("lamps", 4800, "クリップライト", "Clip light", "棚にも枕元にも。首が自由に曲がります。", "For shelf or bedside, with a free neck.", 明るさ="350 lm", 電源="USB"),
    good("lamps", 5600, "モニターの上の灯", "Monitor light bar", "画面に映り込まず、手元だけを明るく。", "Lights the desk, not the screen.", 明るさ="500 lm", 電源="USB"),
    good("lamps", 2400, "人感センサーの足元灯", "Motion night light", "夜中の廊下を、そっと照らします。", "Lights the corridor, gently.", 明るさ="30 lm", 電源="電池"),
)
# fmt: on
