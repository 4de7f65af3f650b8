"""Words that make plausible products: Japanese and English side by side.

A `Range` is what a category sells: patterns of names with a place for the material, origin or theme, and the sizes there
are. Every product of it is one choice of each.
"""

from dataclasses import dataclass

from shop.local.seed.pictures import EARTH, GREEN, NAVY, RED, SKY, TEAL, VIOLET, WHITE

__all__ = ["AUTHORS", "COLOURS", "FEATURES", "LINES", "MAKERS", "PUBLISHERS", "RANGES", "SUBTITLES", "Range", "Words"]

Words = tuple[str, str]  # Japanese, English
Kind = tuple[str, str, int, int]  # patterns in both languages, price from and to


@dataclass(frozen=True, slots=True)
class Range:
    """What a category sells. `sort` is a key of FEATURES: a thing or paper (these have colours), food, a book, a tale."""

    sort: str
    kinds: tuple[Kind, ...]
    style: str  # the attribute that `styles` are values of
    styles: tuple[Words, ...]
    size: str
    sizes: tuple[Words, ...]


def same(*sizes: str) -> tuple[Words, ...]:
    """Sizes that are written alike in both languages."""
    return tuple((each, each) for each in sizes)


# fmt: off
MAKERS: tuple[Words, ...] = (
    ("青葉工房", "Aoba"), ("北の灯", "Kitanohi"), ("川辺商店", "Kawabe"), ("三日月", "Mikazuki"), ("木と糸", "Kitoito"),
    ("白波", "Shiranami"), ("山猫舎", "Yamaneko"), ("はなれ", "Hanare"), ("東雲", "Shinonome"), ("小径", "Komichi"),
    ("南風", "Minamikaze"), ("石と水", "Ishimizu"), ("朝霧", "Asagiri"), ("つくも", "Tsukumo"), ("橙", "Daidai"),
    ("波止場", "Hatoba"), ("若草", "Wakakusa"), ("星野製作所", "Hoshino"), ("雪解け", "Yukidoke"), ("まどか", "Madoka"),
)
LINES: tuple[Words, ...] = (
    ("暁", "Akatsuki"), ("凪", "Nagi"), ("結", "Yui"), ("灯", "Akari"), ("澪", "Mio"), ("颯", "Hayate"), ("榛", "Hashibami"),
    ("茜", "Akane"), ("紬", "Tsumugi"), ("渚", "Nagisa"), ("椿", "Tsubaki"), ("楓", "Kaede"), ("雫", "Shizuku"),
    ("岬", "Misaki"), ("朧", "Oboro"), ("霞", "Kasumi"), ("蛍", "Hotaru"), ("燕", "Tsubame"), ("鶫", "Tsugumi"), ("梓", "Azusa"),
    ("樹", "Itsuki"), ("響", "Hibiki"), ("円", "En"), ("縁", "Enishi"), ("侘", "Wabi"), ("粋", "Iki"), ("恵", "Megumi"),
    ("旅", "Tabi"), ("里", "Sato"), ("峠", "Toge"), ("汀", "Migiwa"), ("杜", "Mori"), ("風花", "Kazahana"), ("木漏れ日", "Komorebi"),
    ("月白", "Geppaku"), ("薄氷", "Usurai"), ("花筏", "Hanaikada"), ("初雪", "Hatsuyuki"), ("夕凪", "Yunagi"), ("青嵐", "Aoarashi"),
)
# With the colours of the picture.
COLOURS: tuple[tuple[str, str, int], ...] = (
    ("白", "white", WHITE), ("生成り", "natural", WHITE), ("藍", "indigo", NAVY), ("墨", "ink black", NAVY),
    ("若竹", "bamboo green", GREEN), ("茜", "madder red", RED), ("砂", "sand", EARTH), ("浅葱", "pale teal", TEAL),
    ("飴", "amber", EARTH), ("海", "sea blue", TEAL), ("栗", "chestnut", EARTH), ("空", "sky blue", SKY), ("藤", "wisteria", VIOLET),
    ("苔", "moss", GREEN), ("柿", "persimmon", RED),
)
AUTHORS: tuple[Words, ...] = tuple(
    (f"{family} {given}", f"{given_en} {family_en}")
    for family, family_en in (
        ("青木", "Aoki"), ("伊藤", "Ito"), ("上田", "Ueda"), ("岡本", "Okamoto"), ("加藤", "Kato"), ("木村", "Kimura"),
        ("近藤", "Kondo"), ("坂井", "Sakai"), ("清水", "Shimizu"), ("高橋", "Takahashi"), ("中村", "Nakamura"), ("西野", "Nishino"),
        ("橋本", "Hashimoto"), ("藤田", "Fujita"), ("松本", "Matsumoto"), ("村上", "Murakami"), ("森", "Mori"), ("山口", "Yamaguchi"),
        ("吉田", "Yoshida"), ("渡辺", "Watanabe"),
    )
    for given, given_en in (
        ("葵", "Aoi"), ("一郎", "Ichiro"), ("恵子", "Keiko"), ("健", "Ken"), ("聡", "Satoshi"), ("奈緒", "Nao"), ("遥", "Haruka"),
        ("誠", "Makoto"), ("美咲", "Misaki"), ("悠", "Yu"), ("陽子", "Yoko"), ("涼", "Ryo"),
    )
)
PUBLISHERS: tuple[Words, ...] = (
    ("山猫舎", "Yamaneko Press"), ("小径書房", "Komichi Books"), ("青い本棚", "Blue Shelf"), ("汽笛社", "Kiteki"), ("紙と灯", "Paper and Lamp"),
    ("港出版", "Minato Publishing"), ("栞文庫", "Shiori Library"), ("朝の書店", "Morning Books"),
)
SUBTITLES: tuple[Words, ...] = (
    ("一杯のコーヒーから", "Over One Cup of Coffee"), ("やさしい言葉で", "In Plain Words"), ("現場の知恵", "Wisdom from the Field"),
    ("手を動かして学ぶ", "Learning by Doing"), ("失敗から始める", "Starting from Failure"), ("三十日でわかる", "In Thirty Days"),
    ("絵で見る", "In Pictures"), ("実例とともに", "With Real Examples"), ("小さく始める", "Start Small"), ("長く続ける", "Keep Going"),
    ("はじめの一歩", "First Steps"), ("基本と作法", "Basics and Manners"), ("考え方と道具", "Ideas and Tools"), ("週末の一冊", "A Weekend's Reading"),
    ("道しるべ", "A Signpost"), ("百の問いと答え", "A Hundred Questions"), ("季節をめぐる", "Through the Seasons"), ("いちばん短い説明", "The Shortest Explanation"),
    ("つまずきの地図", "A Map of Stumbles"), ("先輩のノート", "Notes of an Elder"),
)
# What is said of a thing, by sort.
FEATURES: dict[str, tuple[Words, ...]] = {
    "thing": (
        ("手に取るたびに良さがわかります。", "You notice the quality every time you pick it up."),
        ("長く使うほど味が出ます。", "It gets better the longer you use it."),
        ("はじめての一つにおすすめです。", "A good first one."),
        ("贈り物にも喜ばれています。", "Often given as a present."),
        ("色ちがいで並べたくなります。", "You will want it in every colour."),
        ("修理して使い続けられます。", "It can be repaired and kept."),
        ("軽くて丈夫、毎日の道具です。", "Light and sturdy, for every day."),
        ("職人がひとつずつ仕上げました。", "Finished one by one, by hand."),
        ("角の丸みが手になじみます。", "Its round edges suit the hand."),
        ("洗いやすく、しまいやすい形です。", "Easy to clean and easy to put away."),
        ("飾らない姿で、何にでも合います。", "Plain enough to go with everything."),
        ("試作を三十回重ねた、ちょうどよい重さ。", "Thirty prototypes for just the right weight."),
    ),
    "paper": (
        ("書くことがゆっくり楽しくなります。", "It makes writing slow and pleasant."),
        ("贈り物にも喜ばれています。", "Often given as a present."),
        ("机の引き出しに、いつもひとつ。", "One for the drawer, always."),
        ("にじまず、裏に抜けません。", "Nothing bleeds, nothing shows through."),
        ("小さな印刷所で刷っています。", "Printed by a small press."),
        ("入学や転勤のお祝いに。", "For a first day at school or at work."),
        ("手ざわりで選ばれる定番です。", "Chosen for its touch, year after year."),
        ("使い終えるのが惜しくなります。", "You will be sorry to use it up."),
    ),
    "food": (
        ("封を切った瞬間の香りをお楽しみください。", "Enjoy the moment you open it."),
        ("小さな農園から直接届きます。", "It comes straight from a small farm."),
        ("朝にも夜にも飲み飽きません。", "You never tire of it, morning or night."),
        ("甘いものとよく合います。", "It goes well with sweets."),
        ("冷やしてもおいしくいただけます。", "Good cold, too."),
        ("毎週少しずつ仕上げています。", "Finished in small lots every week."),
        ("後味がすっと消えていきます。", "The aftertaste goes quietly."),
        ("チャックつきの袋で香りが長持ちします。", "The bag closes again and keeps the scent."),
    ),
    "book": (
        ("初学者から現場の人まで。", "For beginners and for those at work."),
        ("章ごとに小さな練習つき。", "A little exercise in each chapter."),
        ("寝る前に一章ずつどうぞ。", "One chapter before sleep."),
        ("図が多く、読み返しやすい一冊です。", "Many figures, and easy to look up."),
        ("巻末の索引がていねいです。", "With a careful index."),
        ("読み終えた日から使えます。", "Useful from the day you finish it."),
        ("同僚に貸したまま、戻ってきません。", "Lent to a colleague and never seen again."),
        ("余白の広い、書き込める本です。", "Wide margins to write in."),
    ),
    "tale": (
        ("声に出すと楽しい、くり返しの言葉。", "Words that repeat, fun to read aloud."),
        ("どのページにも小さな発見があります。", "Something to find on every page."),
        ("おやすみ前の五分に。", "For five minutes before bed."),
        ("厚い紙で、小さな手でもめくれます。", "Thick pages for small hands."),
        ("最後の一枚で、みんな笑います。", "Everybody laughs at the last page."),
        ("水彩のやわらかな絵。", "Soft watercolours."),
    ),
}

METALS: tuple[Words, ...] = (("鉄", "iron"), ("鋳物", "cast iron"), ("銅", "copper"), ("ステンレス", "stainless steel"), ("アルミ", "aluminium"), ("三層鋼", "three-ply"), ("ほうろう", "enamel"))
CLAYS: tuple[Words, ...] = (("磁器", "porcelain"), ("陶器", "stoneware"), ("信楽焼", "Shigaraki ware"), ("益子焼", "Mashiko ware"), ("美濃焼", "Mino ware"), ("有田焼", "Arita ware"), ("備前焼", "Bizen ware"), ("萩焼", "Hagi ware"))
PLANTATIONS: tuple[Words, ...] = (("エチオピア", "Ethiopian"), ("ケニア", "Kenyan"), ("ルワンダ", "Rwandan"), ("グアテマラ", "Guatemalan"), ("コロンビア", "Colombian"), ("ブラジル", "Brazilian"), ("インドネシア", "Indonesian"), ("ペルー", "Peruvian"))
GARDENS: tuple[Words, ...] = (("宇治", "Uji"), ("八女", "Yame"), ("静岡", "Shizuoka"), ("知覧", "Chiran"), ("嬉野", "Ureshino"), ("狭山", "Sayama"), ("屋久島", "Yakushima"), ("月ヶ瀬", "Tsukigase"))
BARRELS: tuple[Words, ...] = (("真鍮", "brass"), ("木軸", "wooden"), ("アルミ軸", "aluminium"), ("樹脂軸", "resin"), ("漆", "lacquered"), ("竹", "bamboo"))
WOODS: tuple[Words, ...] = (("杉", "cedar"), ("ひのき", "cypress"), ("シナ", "linden"), ("ジェルトン", "jelutong"), ("再生紙", "recycled paper"))
PAPERS: tuple[Words, ...] = (("和紙", "washi"), ("上質紙", "fine paper"), ("再生紙", "recycled paper"), ("コットン紙", "cotton paper"), ("トモエ紙", "thin paper"), ("クラフト紙", "kraft paper"))
CLOTHS: tuple[Words, ...] = (("帆布", "canvas"), ("ナイロン", "nylon"), ("撥水布", "waxed cloth"), ("麻", "linen"), ("再生ポリエステル", "recycled polyester"), ("リップストップ", "ripstop"))
CASES: tuple[Words, ...] = (("胡桃", "walnut"), ("楓", "maple"), ("アルミ", "aluminium"), ("樹脂", "resin"), ("ファブリック", "fabric"), ("竹", "bamboo"))
LINKS: tuple[Words, ...] = (("無線", "wireless"), ("有線", "wired"), ("USB", "USB"), ("無線・USB両用", "dual-mode"))
SYSTEMS: tuple[Words, ...] = (
    ("監視", "Monitoring"), ("分散トレース", "Distributed Tracing"), ("ログ", "Logging"), ("メトリクス", "Metrics"), ("SLO", "Service Levels"),
    ("障害対応", "Incident Response"), ("負荷試験", "Load Testing"), ("カオス実験", "Chaos Experiments"), ("ダッシュボード", "Dashboards"), ("アラート設計", "Alerting"),
    ("プロファイリング", "Profiling"), ("容量計画", "Capacity Planning"),
)
CRAFTS: tuple[Words, ...] = (
    ("Python", "Python"), ("SQL", "SQL"), ("設計", "Software Design"), ("テスト", "Testing"), ("並行処理", "Concurrency"), ("型", "Types"),
    ("ネットワーク", "Networks"), ("データベース", "Databases"), ("リファクタリング", "Refactoring"), ("イベント駆動", "Event-Driven Systems"),
    ("アルゴリズム", "Algorithms"), ("コードレビュー", "Code Review"),
)
DISHES: tuple[Words, ...] = (
    ("土鍋料理", "Clay-Pot Cooking"), ("みそ汁", "Miso Soup"), ("漬物", "Pickles"), ("焼き菓子", "Baking"), ("朝ごはん", "Breakfast"), ("お弁当", "Lunchboxes"),
    ("スパイスカレー", "Spice Curry"), ("魚料理", "Fish"), ("野菜", "Vegetables"), ("パン", "Bread"), ("保存食", "Preserves"), ("おにぎり", "Rice Balls"),
)
ALONE: tuple[Words, ...] = (
    ("ねこ", "the Cat"), ("くま", "the Bear"), ("うさぎ", "the Rabbit"), ("きつね", "the Fox"), ("ふくろう", "the Owl"), ("ペンギン", "the Penguin"),
    ("ちいさなでんしゃ", "the Little Train"), ("やかん", "the Kettle"), ("おつきさま", "the Moon"), ("はりねずみ", "the Hedgehog"), ("カバン", "the Bag"), ("ゆきだるま", "the Snowman"),
)
# Of picture books, by themselves or with a friend.
HEROES: tuple[Words, ...] = ALONE + tuple((f"{one}と{other}", f"{one_en} and {other_en}") for one, one_en in ALONE for other, other_en in ALONE if one != other)
EDITIONS: tuple[Words, ...] = (("初版", "1st ed."), ("第2版", "2nd ed."), ("第3版", "3rd ed."), ("第4版", "4th ed."))
VOLUMES: tuple[Words, ...] = tuple((f"第{n}巻", f"vol. {n}") for n in range(1, 10))
BOOK: tuple[Kind, ...] = (
    ("はじめての{}", "First Steps in {}", 1800, 3600), ("{}の教科書", "A Textbook of {}", 2600, 5800), ("実践 {}", "{} in Practice", 2400, 4800), ("図解 {}", "{} in Pictures", 1600, 3200),
    ("{}を読み解く", "Reading {}", 2200, 4200), ("{}ハンドブック", "The {} Handbook", 2800, 6400), ("{}の考え方", "Thinking about {}", 2000, 3800), ("よくわかる{}", "{} Made Clear", 1500, 2800),
)
RANGES: dict[str, Range] = {
    "pans": Range("thing", (("{}のフライパン", "{} frying pan", 2400, 12000), ("{}の玉子焼き器", "{} omelette pan", 1600, 7000), ("{}の中華鍋", "{} wok", 2500, 9000), ("{}のグリルパン", "{} grill pan", 2800, 9800)), "素材", METALS, "サイズ", same("18 cm", "20 cm", "24 cm", "26 cm", "28 cm")),
    "pots": Range("thing", (("{}の両手鍋", "{} casserole", 3000, 18000), ("{}の片手鍋", "{} saucepan", 1800, 7000), ("{}の蒸し鍋", "{} steamer pot", 3600, 15000), ("{}のミルクパン", "{} milk pan", 1500, 5600)), "素材", METALS, "容量", same("1.2 L", "1.8 L", "2.4 L", "3.6 L", "5 L")),
    "bowls": Range("thing", (("{}の飯碗", "{} rice bowl", 900, 5000), ("{}の深皿", "{} deep plate", 1200, 6000), ("{}の小鉢", "{} small bowl", 600, 3000), ("{}の丼", "{} donburi bowl", 1400, 6000)), "素材", CLAYS, "直径", same("9 cm", "12 cm", "15 cm", "18 cm", "21 cm")),
    "cups": Range("thing", (("{}のマグ", "{} mug", 900, 4800), ("{}の湯のみ", "{} teacup", 800, 5000), ("{}のそば猪口", "{} soba cup", 700, 3200), ("{}のカフェオレボウル", "{} cafe au lait bowl", 1400, 4600)), "素材", CLAYS, "容量", same("120 ml", "180 ml", "240 ml", "300 ml", "380 ml")),
    "beans": Range("food", (("{} 深煎り豆", "{} dark roast beans", 900, 2600), ("{} 浅煎り豆", "{} light roast beans", 1000, 2800), ("{} 中煎り豆", "{} medium roast beans", 900, 2600), ("{} 粉 ペーパー用", "{} ground coffee", 950, 2600)), "産地", PLANTATIONS, "内容量", same("100 g", "150 g", "200 g", "300 g", "500 g")),
    "drippers": Range("thing", (("{}のドリッパー", "{} dripper", 1200, 5600), ("{}のケトル", "{} kettle", 3600, 14800), ("{}のメジャースプーン", "{} coffee measure", 600, 2400), ("{}のサーバー", "{} server", 1800, 6800)), "素材", METALS, "サイズ", (("1杯用", "for one"), ("2杯用", "for two"), ("4杯用", "for four"), ("6杯用", "for six"))),
    "leaves": Range("food", (("{} 煎茶", "{} sencha", 700, 3200), ("{} ほうじ茶", "{} roasted tea", 500, 2000), ("{} 玉露", "{} gyokuro", 1600, 6800), ("{} 和紅茶", "{} Japanese black tea", 800, 3000)), "産地", GARDENS, "内容量", same("50 g", "80 g", "100 g", "150 g", "200 g")),
    "teapots": Range("thing", (("{}の急須", "{} teapot", 2500, 14800), ("{}の湯冷まし", "{} water cooler", 1200, 5600), ("{}の宝瓶", "{} handleless teapot", 2800, 12000), ("{}の土瓶", "{} large teapot", 3200, 12800)), "素材", CLAYS, "容量", same("180 ml", "250 ml", "320 ml", "450 ml", "600 ml")),
    "pens": Range("thing", (("{}のボールペン", "{} ballpoint pen", 300, 3600), ("{}の万年筆", "{} fountain pen", 3000, 30000), ("{}のシャープペン", "{} mechanical pencil", 500, 5800), ("{}のつけペン", "{} dip pen", 700, 4200)), "素材", BARRELS, "字幅", (("極細", "extra fine"), ("細字", "fine"), ("中字", "medium"), ("太字", "broad"))),
    "pencils": Range("paper", (("{}の鉛筆", "{} pencils", 300, 2200), ("{}の色鉛筆", "{} coloured pencils", 900, 6800), ("{}の赤青鉛筆", "{} red-blue pencils", 200, 1600)), "素材", WOODS, "本数", (("3本", "set of 3"), ("6本", "set of 6"), ("12本", "set of 12"), ("24本", "set of 24"))),
    "notebooks": Range("paper", (("{}の方眼ノート", "{} grid notebook", 300, 2500), ("{}の横罫ノート", "{} ruled notebook", 300, 2400), ("{}の手帳", "{} planner", 900, 5000), ("{}のスケッチブック", "{} sketchbook", 600, 4000)), "紙", PAPERS, "サイズ", same("A4", "A5", "A6", "B5", "B6")),
    "letters": Range("paper", (("{}の便箋", "{} letter paper", 400, 1800), ("{}のはがき", "{} postcards", 300, 1200), ("{}の封筒", "{} envelopes", 250, 900), ("{}の一筆箋", "{} short notes", 350, 1000)), "紙", PAPERS, "枚数", (("5枚", "5 sheets"), ("10枚", "10 sheets"), ("20枚", "20 sheets"), ("50枚", "50 sheets"))),
    "tents": Range("thing", (("{}のテント", "{} tent", 12000, 80000), ("{}のタープ", "{} tarp", 6000, 32000), ("{}のシェルター", "{} shelter", 9800, 48000), ("{}の蚊帳", "{} mosquito tent", 4200, 16000)), "素材", CLOTHS, "人数", (("1人用", "for one"), ("2人用", "for two"), ("3人用", "for three"), ("4人用", "for four"))),
    "fire": Range("thing", (("{}の焚き火台", "{} fire pit", 3000, 20000), ("{}のクッカー", "{} camp pot", 2000, 9000), ("{}のストーブ", "{} stove", 4000, 16000), ("{}の風防", "{} windscreen", 1200, 4800)), "素材", METALS, "サイズ", (("小", "small"), ("中", "medium"), ("大", "large"))),
    "bags": Range("thing", (("{}のリュック", "{} backpack", 5000, 30000), ("{}のデイパック", "{} daypack", 3800, 16000), ("{}のロールトップ", "{} roll-top pack", 6800, 24000), ("{}のスクールバッグ", "{} school bag", 4800, 15000)), "素材", CLOTHS, "容量", same("12 L", "18 L", "24 L", "30 L", "45 L")),
    "bottles": Range("thing", (("{}の水筒", "{} bottle", 1500, 6000), ("{}のタンブラー", "{} tumbler", 1200, 5000), ("{}のポット", "{} flask", 2500, 8000), ("{}の広口ボトル", "{} wide-mouth bottle", 1600, 5200)), "素材", (("ステンレス", "stainless steel"), ("真空二層", "vacuum"), ("チタン", "titanium"), ("樹脂", "resin"), ("ガラス", "glass")), "容量", same("250 ml", "350 ml", "500 ml", "750 ml", "1 L")),
    "observability": Range("book", BOOK, "主題", SYSTEMS, "版", EDITIONS),
    "programming": Range("book", BOOK, "主題", CRAFTS, "版", EDITIONS),
    "recipes": Range("book", (("{}の手帖", "Notes on {}", 1200, 2400), ("{}百科", "All about {}", 2200, 3800), ("毎日の{}", "{} Every Day", 1200, 2200), ("{}とくらす", "Living with {}", 1300, 2400), ("はじめての{}", "First Steps in {}", 1100, 2000)), "主題", DISHES, "版", EDITIONS),
    "picture-books": Range("tale", (("{}のおひっこし", "A New Home for {}", 900, 2200), ("{}とよるのえき", "Night Station with {}", 1000, 2200), ("{}のおたんじょうび", "The Birthday of {}", 900, 2000), ("{}、うみへいく", "A Day at the Sea with {}", 1000, 2200), ("{}のゆうびん", "Letters for {}", 1000, 2200), ("おやすみ、{}", "Good Night to {}", 900, 1800)), "主人公", HEROES, "巻", VOLUMES),
    "headphones": Range("thing", (("{}ヘッドホン", "{} headphones", 4000, 50000), ("{}イヤホン", "{} earphones", 1500, 30000), ("{}ヘッドセット", "{} headset", 3000, 15000), ("{}モニターヘッドホン", "{} monitor headphones", 8000, 42000)), "接続", LINKS, "重量", same("38 g", "120 g", "180 g", "240 g", "310 g")),
    "speakers": Range("thing", (("{}のスピーカー", "{} speaker", 4000, 40000), ("{}のラジオ", "{} radio", 2500, 12000), ("{}のレコードプレーヤー", "{} record player", 12000, 60000), ("{}の目覚ましラジオ", "{} alarm radio", 2800, 9800)), "素材", CASES, "出力", same("3 W", "5 W", "10 W", "20 W", "40 W")),
    "keyboards": Range("thing", (("{}キーボード", "{} keyboard", 4000, 40000), ("{}静音キーボード", "{} silent keyboard", 5000, 28000), ("{}テンキー", "{} number pad", 1800, 8000), ("{}分割キーボード", "{} split keyboard", 12000, 48000)), "接続", LINKS, "配列", (("日本語配列", "Japanese layout"), ("英語配列", "US layout"), ("かな印字なし", "blank legends"))),
    "lamps": Range("thing", (("{}のデスクライト", "{} desk lamp", 3000, 25000), ("{}のランタン", "{} lantern", 2000, 12000), ("{}のフロアライト", "{} floor lamp", 6000, 32000), ("{}の常夜灯", "{} night light", 1200, 4800)), "素材", CASES, "明るさ", same("60 lm", "150 lm", "350 lm", "600 lm", "900 lm")),
}
# fmt: on
