"""What customers type and write, in both languages."""

import random

__all__ = ["NAMES", "Review", "misspelt", "queries", "reviews"]

NAMES = {
    "ja": ("山本 結衣", "中村 蓮", "小林 葵", "加藤 湊", "吉田 凛", "井上 陽向", "木村 紬", "林 樹"),
    "en": (
        "Alice Green",
        "Ben Clark",
        "Chloe Hall",
        "David Young",
        "Ella King",
        "Frank Wright",
        "Grace Hill",
        "Henry Lee",
    ),
}
QUERIES = {
    "ja": ("コーヒー", "珈琲", "ｺｰﾋｰ", "こーひー", "フライパン", "湯のみ", "急須", "万年筆", "ノート", "テント", "水筒",
           "オブザーバビリティ", "絵本", "ヘッドホン", "キーボード", "照明 デスク"),
    "en": ("coffee", "dripper", "frying pan", "mug", "teapot", "fountain pen", "notebook", "tent", "bottle",
           "observability", "picture book", "headphones", "keyboard", "lamp"),
}  # fmt: skip
NOWHERE = ("ユニコーン", "zzyzx", "flux capacitor")
Review = tuple[int, str, str]
REVIEWS: dict[str, tuple[Review, ...]] = {
    "ja": (
        (5, "毎日使っています", "手になじみ、使うほどに愛着がわきます。贈り物にも選びました。"),
        (4, "良い品です", "思っていたより軽く、扱いやすいです。色も写真のとおりでした。"),
        (3, "ふつうです", "悪くはありませんが、もう少し大きいと助かります。"),
    ),
    "en": (
        (5, "Use it every day", "It feels right in the hand and gets better with time."),
        (4, "Well made", "Lighter than I thought, and easy to clean."),
        (2, "Not for me", "Smaller than it looks in the picture."),
    ),
}


def queries(choice: random.Random, language: str) -> str:
    """Something to search for: mostly what there is, sometimes misspelt, sometimes what no shop has."""
    if choice.random() < 0.08:
        return choice.choice(NOWHERE)
    query = choice.choice(QUERIES[language])
    return misspelt(choice, query) if choice.random() < 0.15 else query


def misspelt(choice: random.Random, query: str) -> str:
    """With one letter missing, somewhere in its middle."""
    if len(query) < 5:
        return query
    at = choice.randrange(1, len(query) - 1)
    return query[:at] + query[at + 1 :]


def reviews(choice: random.Random, language: str) -> Review:
    """Stars, title and body."""
    return choice.choice(REVIEWS[language])
