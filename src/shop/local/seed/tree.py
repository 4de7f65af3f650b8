"""The shop's categories: three levels, each with its name in Japanese and English."""

from dataclasses import dataclass
from functools import cache

__all__ = ["TREE", "Branch", "root_of"]


@dataclass(frozen=True, slots=True)
class Branch:
    """A category; a parent stands before its children."""

    id: str
    parent: str | None
    ja: str
    en: str


TREE = (
    Branch("kitchen", None, "キッチン", "Kitchen"),
    Branch("cookware", "kitchen", "鍋・フライパン", "Cookware"),
    Branch("pans", "cookware", "フライパン", "Frying pans"),
    Branch("pots", "cookware", "鍋", "Pots"),
    Branch("tableware", "kitchen", "食器", "Tableware"),
    Branch("bowls", "tableware", "鉢・皿", "Bowls and plates"),
    Branch("cups", "tableware", "湯のみ・マグ", "Cups and mugs"),
    Branch("coffee-tea", None, "コーヒー・お茶", "Coffee and tea"),
    Branch("coffee", "coffee-tea", "コーヒー", "Coffee"),
    Branch("beans", "coffee", "コーヒー豆", "Coffee beans"),
    Branch("drippers", "coffee", "ドリップ器具", "Brewing gear"),
    Branch("tea", "coffee-tea", "お茶", "Tea"),
    Branch("leaves", "tea", "茶葉", "Tea leaves"),
    Branch("teapots", "tea", "急須・茶器", "Teapots"),
    Branch("stationery", None, "文房具", "Stationery"),
    Branch("writing", "stationery", "筆記具", "Writing"),
    Branch("pens", "writing", "ペン・万年筆", "Pens"),
    Branch("pencils", "writing", "鉛筆・消しゴム", "Pencils and erasers"),
    Branch("paper", "stationery", "紙もの", "Paper"),
    Branch("notebooks", "paper", "ノート・手帳", "Notebooks"),
    Branch("letters", "paper", "便箋・はがき", "Letters and cards"),
    Branch("outdoor", None, "アウトドア", "Outdoor"),
    Branch("camp", "outdoor", "キャンプ", "Camping"),
    Branch("tents", "camp", "テント・寝具", "Tents and bedding"),
    Branch("fire", "camp", "焚き火・調理", "Fire and cooking"),
    Branch("walking", "outdoor", "山歩き", "Walking"),
    Branch("bags", "walking", "リュック", "Backpacks"),
    Branch("bottles", "walking", "水筒", "Bottles"),
    Branch("books", None, "本", "Books"),
    Branch("technology", "books", "技術書", "Technology"),
    Branch("observability", "technology", "オブザーバビリティ", "Observability"),
    Branch("programming", "technology", "プログラミング", "Programming"),
    Branch("living", "books", "暮らしの本", "Living"),
    Branch("recipes", "living", "料理の本", "Recipes"),
    Branch("picture-books", "living", "絵本", "Picture books"),
    Branch("electronics", None, "家電・デジタル", "Electronics"),
    Branch("audio", "electronics", "オーディオ", "Audio"),
    Branch("headphones", "audio", "ヘッドホン", "Headphones"),
    Branch("speakers", "audio", "スピーカー・ラジオ", "Speakers and radios"),
    Branch("desk", "electronics", "デスクまわり", "Desk"),
    Branch("keyboards", "desk", "キーボード・マウス", "Keyboards and mice"),
    Branch("lamps", "desk", "照明", "Lamps"),
)


@cache
def root_of(category: str) -> str:
    """The root that a category is below."""
    parent = next(branch.parent for branch in TREE if branch.id == category)
    return root_of(parent) if parent else category
