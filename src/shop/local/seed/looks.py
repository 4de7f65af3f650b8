"""What the hand-picked look like, where it is not the shape of their category in one of the usual colours."""

from shop.local.seed.pictures import EARTH, GREEN, NAVY, RED, SKY, TEAL, VIOLET, WHITE

__all__ = ["LOOKS"]

# fmt: off
# By name: the shape (None: that of the category) and the colours (None: the next of the usual ones).
LOOKS: dict[str, tuple[str | None, int | None]] = {
    "鉄のフライパン 26cm": (None, NAVY), "小さな鉄スキレット 16cm": (None, RED), "銅の玉子焼き器": ("omelette-pan", EARTH),
    "琺瑯の両手鍋 22cm": (None, WHITE), "土鍋 三合炊き": (None, EARTH), "行平鍋 18cm": ("saucepan", SKY), "鋳物の無水鍋 20cm": (None, RED),
    "粉引の飯碗": (None, WHITE), "染付の小皿 五枚組": ("plates", NAVY), "漆の汁椀": (None, RED), "木のサラダボウル": (None, EARTH),
    "朝のマグ 白": (None, WHITE), "萩焼の湯のみ": ("teacup", RED), "耐熱ガラスのカフェオレ碗": (None, SKY), "琺瑯マグ 紺": (None, NAVY), "夫婦湯のみ 木箱入り": ("teacup", TEAL),
    "深煎りブレンド 夜想 200g": (None, NAVY), "毎日のブレンド 晴 200g": (None, SKY), "水出しコーヒーバッグ 4個": (None, EARTH),
    "円すいドリッパー 白磁": (None, WHITE), "細口ケトル 0.9L": ("kettle", TEAL), "手挽きコーヒーミル": ("mill", EARTH), "円すいペーパー 100枚": ("filters", EARTH),
    "八女の煎茶 100g": (None, GREEN), "加賀の棒ほうじ茶 100g": (None, EARTH), "宇治の抹茶 30g": (None, TEAL), "和紅茶 ティーバッグ 20個": (None, RED),
    "常滑の急須 朱泥": (None, RED), "南部鉄瓶 0.8L": ("kettle", NAVY), "ガラスのティーポット": (None, SKY), "茶筅 八十本立": ("whisk", EARTH), "桜皮の茶筒": ("leaves", VIOLET),
    "万年筆 藍軸 細字": (None, NAVY), "真鍮のボールペン": ("ballpoint", EARTH), "顔料インクのサインペン 5色": ("felt-pens", WHITE), "万年筆インク 月夜 50ml": ("ink", NAVY), "三色ボールペン": ("ballpoint", RED),
    "製図用シャープペン 0.3mm": ("ballpoint", TEAL), "よく消える消しゴム": ("eraser", SKY), "真鍮の鉛筆削り": ("sharpener", EARTH),
    "革の手帳カバー": (None, EARTH), "測量野帳 三冊組": (None, GREEN), "五年日記": (None, RED), "リングメモ 3冊": ("memo", SKY),
    "美濃和紙の便箋": ("paper", RED), "活版のはがき 季節 6枚": ("postcards", GREEN), "封筒 洋形 空色 10枚": (None, SKY), "封蝋セット": ("seal", RED), "一筆箋 猫": ("cat-notes", NAVY),
    "羽毛の寝袋 0度": ("sleeping-bag", TEAL), "折りたたみマット": ("mat", VIOLET), "タープ 3x3m": ("tarp", GREEN), "空気まくら": ("pillow", SKY),
    "チタンのクッカー 0.7L": ("saucepan", TEAL), "ホットサンドメーカー": ("omelette-pan", NAVY),
    "帆布のリュック 18L": (None, EARTH), "防水スタッフバッグ 3枚": ("dry-bags", RED), "サコッシュ 苔色": ("sacoche", GREEN),
    "真空水筒 500ml 砂色": (None, EARTH), "軽い水筒 1L": (None, SKY), "山専用ポット 900ml": (None, NAVY), "折りたたみカップ": ("cups", GREEN), "浄水ストロー": ("straw", TEAL),
    "小さなイヤホン 貝": ("earbuds", WHITE), "有線イヤホン 木": ("earbuds", EARTH),
    "棚の上のスピーカー": ("speaker-box", EARTH), "防水の小型スピーカー": ("speaker-box", TEAL), "レコードプレーヤー": ("turntable", RED),
    "静かなキーボード 75%": (None, NAVY), "分割キーボード": ("split-keyboard", TEAL), "縦型マウス": ("mouse", VIOLET), "木のリストレスト": ("wrist-rest", EARTH), "数字キーパッド": ("number-pad", GREEN),
    "手元を照らす机の灯": ("desk-lamp", RED), "持ち歩ける灯 行灯": ("lantern", EARTH), "クリップライト": ("desk-lamp", TEAL), "モニターの上の灯": ("light-bar", NAVY), "人感センサーの足元灯": ("lantern", VIOLET),
}
# fmt: on
