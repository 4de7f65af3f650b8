"""Words that make plausible products: Japanese and English side by side."""

__all__ = ["FEATURES", "KINDS", "MAKERS", "MATERIALS"]

# fmt: off
MAKERS = (
    ("青葉工房", "Aoba"), ("北の灯", "Kitanohi"), ("川辺商店", "Kawabe"), ("三日月", "Mikazuki"), ("木と糸", "Kitoito"),
    ("白波", "Shiranami"), ("山猫舎", "Yamaneko"), ("はなれ", "Hanare"), ("東雲", "Shinonome"), ("小径", "Komichi"),
    ("南風", "Minamikaze"), ("石と水", "Ishimizu"), ("朝霧", "Asagiri"), ("つくも", "Tsukumo"), ("橙", "Daidai"),
    ("波止場", "Hatoba"), ("若草", "Wakakusa"), ("星野製作所", "Hoshino"), ("雪解け", "Yukidoke"), ("まどか", "Madoka"),
)
MATERIALS = (
    ("白い", "white"), ("生成り", "natural"), ("藍色", "indigo"), ("墨色", "ink black"), ("若竹色", "bamboo green"),
    ("茜色", "madder red"), ("砂色", "sand"), ("銀鼠", "silver grey"), ("木肌", "bare wood"), ("海色", "sea blue"),
    ("栗色", "chestnut"), ("麦色", "wheat"), ("藤色", "wisteria"), ("苔色", "moss"), ("雪色", "snow"),
)
FEATURES = (
    ("手に取るたびに良さがわかります。", "You notice the quality every time you pick it up."),
    ("長く使うほど味が出ます。", "Gets better the longer you use it."),
    ("はじめての一つにおすすめです。", "A good first one."),
    ("贈り物にも喜ばれています。", "Often given as a present."),
    ("小さな部屋にもすっきり収まります。", "Fits small rooms."),
    ("修理して使い続けられます。", "Can be repaired and kept."),
    ("軽くて丈夫、毎日の道具です。", "Light and sturdy, for every day."),
    ("職人がひとつずつ仕上げました。", "Finished one by one, by hand."),
)
KINDS = {
    "pans": (("フライパン", "frying pan", 2000, 12000), ("玉子焼き器", "omelette pan", 1500, 7000), ("中華鍋", "wok", 2500, 9000)),
    "pots": (("両手鍋", "casserole", 3000, 18000), ("片手鍋", "saucepan", 1800, 7000), ("土鍋", "clay pot", 3000, 15000)),
    "bowls": (("飯碗", "rice bowl", 800, 5000), ("深皿", "deep plate", 900, 6000), ("小鉢", "small bowl", 500, 3000)),
    "cups": (("マグ", "mug", 800, 4000), ("湯のみ", "teacup", 700, 5000), ("そば猪口", "soba cup", 600, 3000)),
    "beans": (("深煎り豆", "dark roast beans", 900, 2400), ("浅煎り豆", "light roast beans", 1000, 2600), ("ブレンド", "coffee blend", 800, 2000)),
    "drippers": (("ドリッパー", "dripper", 900, 5000), ("ケトル", "kettle", 3000, 14000), ("ミル", "mill", 3500, 20000)),
    "leaves": (("煎茶", "sencha", 600, 3000), ("ほうじ茶", "roasted tea", 500, 2000), ("紅茶", "black tea", 700, 3000)),
    "teapots": (("急須", "teapot", 2500, 12000), ("茶筒", "tea caddy", 1200, 6000), ("湯冷まし", "water cooler", 1000, 5000)),
    "pens": (("ボールペン", "ballpoint pen", 300, 3000), ("万年筆", "fountain pen", 3000, 30000), ("サインペン", "felt pen", 150, 900)),
    "pencils": (("鉛筆", "pencil set", 400, 2500), ("色鉛筆", "coloured pencils", 900, 6000), ("消しゴム", "eraser", 100, 500)),
    "notebooks": (("ノート", "notebook", 300, 2500), ("手帳", "planner", 900, 5000), ("スケッチブック", "sketchbook", 500, 4000)),
    "letters": (("便箋", "letter paper", 400, 1800), ("はがき", "postcard", 150, 900), ("封筒", "envelopes", 200, 900)),
    "tents": (("テント", "tent", 12000, 80000), ("寝袋", "sleeping bag", 6000, 40000), ("マット", "sleeping mat", 2000, 16000)),
    "fire": (("焚き火台", "fire pit", 3000, 20000), ("クッカー", "camp pot", 2000, 9000), ("バーナー", "burner", 4000, 16000)),
    "bags": (("リュック", "backpack", 5000, 30000), ("サコッシュ", "sacoche", 2000, 8000), ("トートバッグ", "tote bag", 1500, 9000)),
    "bottles": (("水筒", "bottle", 1500, 6000), ("タンブラー", "tumbler", 1200, 5000), ("ポット", "flask", 2500, 8000)),
    "observability": (("監視の本", "book on monitoring", 1800, 5000), ("トレースの本", "book on tracing", 1800, 5000), ("ログの本", "book on logs", 1800, 5000)),
    "programming": (("設計の本", "book on design", 1800, 5500), ("言語の本", "book on a language", 1800, 5500), ("データの本", "book on data", 1800, 5500)),
    "recipes": (("料理の本", "cookbook", 1200, 3000), ("お菓子の本", "book of sweets", 1200, 3000), ("献立の本", "book of menus", 1200, 3000)),
    "picture-books": (("絵本", "picture book", 900, 2200), ("しかけ絵本", "pop-up book", 1400, 3500), ("図鑑", "illustrated guide", 1800, 4000)),
    "headphones": (("ヘッドホン", "headphones", 4000, 50000), ("イヤホン", "earphones", 1500, 30000), ("ヘッドセット", "headset", 3000, 15000)),
    "speakers": (("スピーカー", "speaker", 4000, 40000), ("ラジオ", "radio", 2500, 12000), ("プレーヤー", "player", 9000, 60000)),
    "keyboards": (("キーボード", "keyboard", 4000, 40000), ("マウス", "mouse", 1500, 14000), ("キーパッド", "keypad", 2000, 8000)),
    "lamps": (("デスクライト", "desk lamp", 3000, 25000), ("ランタン", "lantern", 2000, 12000), ("間接照明", "accent light", 2500, 18000)),
}
# fmt: on
