"""The rules of catalog, pure; and its errors.

An `Entry` is a product as the catalog keeps it, whole and in every language; a `Product` is what a client is shown of
it in one. Deciding returns a new entry, which `store` writes together with both languages' JSON.
"""

from datetime import datetime
from typing import ClassVar, Literal

import msgspec

from shop.contracts import shapes
from shop.contracts.shapes import Shape, StockStatus, Text, Translations
from shop.kernel.clock import stamp
from shop.kernel.errors import NotFound, Problem
from shop.kernel.money import Money, yen

__all__ = [
    "FLAWS",
    "IMAGES_MAX",
    "LANGUAGES",
    "OTHER_ROOT",
    "ROOTS_SHOWN",
    "AlreadyReviewed",
    "Category",
    "CategoryCycle",
    "CategoryNode",
    "CategoryNotEmpty",
    "CategoryNotFound",
    "CategoryText",
    "Draft",
    "Entry",
    "Image",
    "ImageLimit",
    "ImageNotFound",
    "Language",
    "Picture",
    "Product",
    "ProductIdTaken",
    "ProductNotFound",
    "Review",
    "ReviewNotFound",
    "SkuTaken",
    "Status",
]

Language = Literal["ja", "en"]
Status = Literal["draft", "active", "archived"]
LANGUAGES: tuple[Language, ...] = ("ja", "en")
ROOTS_SHOWN = 20  # root categories that a metric tells apart; the others are one
OTHER_ROOT = "_OTHER"
IMAGES_MAX = 10  # of a product, those that are still to be uploaded among them
FLAWS: dict[str, dict[Language, str]] = {  # why a picture failed
    "NO_IMAGE": {
        "ja": "JPEG・PNG・WebP の画像ではありません",
        "en": "This is no JPEG, PNG or WebP image.",
    },
    "DAMAGED": {
        "ja": "画像データが壊れています",
        "en": "The image is damaged.",
    },
    "TOO_MANY_PIXELS": {
        "ja": "5,000 万画素を超えています",
        "en": "The image has more than 50 megapixels.",
    },
    "TOO_LARGE": {
        "ja": "10 MB を超えています",
        "en": "The file is larger than 10 MB.",
    },
    "TOO_COMPLEX": {
        "ja": "画像の処理に時間またはメモリーがかかりすぎました",
        "en": "The image takes too much time or memory to process.",
    },
    "NEVER_UPLOADED": {
        "ja": "期限までにアップロードされませんでした",
        "en": "Nothing was uploaded in time.",
    },
}


class ProductNotFound(NotFound):
    """There is no such product."""

    code = "PRODUCT_NOT_FOUND"
    title: ClassVar[dict[str, str]] = {"ja": "商品が見つかりません", "en": "Product not found"}


class CategoryNotFound(NotFound):
    """There is no such category."""

    code = "CATEGORY_NOT_FOUND"
    title: ClassVar[dict[str, str]] = {"ja": "カテゴリが見つかりません", "en": "Category not found"}


class ImageNotFound(NotFound):
    """There is no such picture."""

    code = "IMAGE_NOT_FOUND"
    title: ClassVar[dict[str, str]] = {"ja": "画像が見つかりません", "en": "Image not found"}


class SkuTaken(Problem):
    """Another product has this SKU."""

    status, code = 409, "SKU_TAKEN"
    title: ClassVar[dict[str, str]] = {"ja": "SKUは既に使われています", "en": "SKU taken"}


class ProductIdTaken(Problem):
    """A product has, or had, this id: an id is never used again."""

    status, code = 409, "PRODUCT_ID_TAKEN"
    title: ClassVar[dict[str, str]] = {"ja": "商品IDは既に使われています", "en": "Product id taken"}


class CategoryNotEmpty(Problem):
    """There are products or categories in this category: move or delete them first."""

    status, code = 409, "CATEGORY_NOT_EMPTY"
    title: ClassVar[dict[str, str]] = {"ja": "カテゴリが空ではありません", "en": "Category not empty"}


class CategoryCycle(Problem):
    """A category cannot lie in itself, nor in one that is below it."""

    status, code = 409, "CATEGORY_CYCLE"
    title: ClassVar[dict[str, str]] = {"ja": "カテゴリが循環します", "en": "Category cycle"}


class ReviewNotFound(NotFound):
    """There is no such review."""

    code = "REVIEW_NOT_FOUND"
    title: ClassVar[dict[str, str]] = {"ja": "レビューが見つかりません", "en": "Review not found"}


class AlreadyReviewed(Problem):
    """You have reviewed this product: delete that review to write another one."""

    status, code = 409, "ALREADY_REVIEWED"
    title: ClassVar[dict[str, str]] = {"ja": "この商品は既にレビュー済みです", "en": "Already reviewed"}


class ImageLimit(Problem):
    """A product has at most ten pictures, those that are still to be uploaded among them."""

    status, code = 409, "IMAGE_LIMIT"
    title: ClassVar[dict[str, str]] = {"ja": "画像の上限に達しています", "en": "Image limit reached"}


class Rating(Shape):
    """What reviewers think, 1 to 5; the average of no reviews is 0."""

    average: float
    count: int


class Thumbnails(Shape):
    """Paths of the smaller pictures."""

    small: str
    medium: str


class Image(Shape):
    """A picture of a product. `url` and `thumbnails` are paths of this API, there once it is `ready`."""

    id: str
    status: Literal["pending", "ready", "failed"]
    error: str | None
    url: str | None
    thumbnails: Thumbnails | None
    width: int | None
    height: int | None
    content_type: str
    alt: str


class Product(Shape):
    """A product in the language of the request. `stockStatus` is null until inventory has told of it."""

    id: str
    sku: str
    name: str
    description: str
    price: Money
    category_id: str
    status: Status
    attributes: dict[str, str]
    images: list[Image]
    rating: Rating
    stock_status: StockStatus | None
    translations: Translations
    version: int
    created_at: str
    updated_at: str


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """An image as it is kept: `folder` is where S3 has its three sizes, `error` a key of FLAWS."""

    id: str
    status: Literal["pending", "ready", "failed"]
    folder: str
    content_type: str
    width: int | None = None
    height: int | None = None
    error: str | None = None

    def shown(self, product_id: str, alt: str, language: Language = "ja") -> Image:
        """The image as clients see it."""
        base = f"/products/{product_id}/images/{self.id}"
        ready = self.status == "ready"
        return Image(
            id=self.id,
            status=self.status,
            error=FLAWS[self.error][language] if self.error in FLAWS else self.error,
            url=f"{base}/original" if ready else None,
            thumbnails=Thumbnails(small=f"{base}/small", medium=f"{base}/medium") if ready else None,
            width=self.width,
            height=self.height,
            content_type=self.content_type,
            alt=alt,
        )


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What an admin says of a product; everything else about it comes about."""

    sku: str
    name: str
    price: int
    category_id: str
    status: Status
    description: str = ""
    attributes: dict[str, str] = msgspec.field(default_factory=dict)
    translations: Translations = msgspec.field(default_factory=dict)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A product as the catalog keeps it. `name` and `description` are Japanese, `translations` has the others."""

    id: str
    draft: Draft
    version: int
    created_at: datetime
    updated_at: datetime
    pictures: tuple[Picture, ...] = ()
    rating_sum: int = 0
    rating_count: int = 0
    stock_status: StockStatus | None = None

    @classmethod
    def new(cls, product_id: str, draft: Draft, moment: datetime) -> "Entry":
        """The first version of a product."""
        return cls(id=product_id, draft=draft, version=1, created_at=moment, updated_at=moment)

    def revised(self, draft: Draft, moment: datetime) -> "Entry":
        """The next version, as `draft` has it."""
        return msgspec.structs.replace(self, draft=draft, version=self.version + 1, updated_at=moment)

    def gone(self, moment: datetime) -> "Entry":
        """The last version, which its deletion is announced with."""
        return msgspec.structs.replace(self, version=self.version + 1, updated_at=moment)

    def stocked(self, status: StockStatus) -> "Entry":
        """The same version, with what inventory says."""
        return msgspec.structs.replace(self, stock_status=status)

    def rated(self, stars: int, reviews: int = 1) -> "Entry":
        """The same version with a review more (or less: -1) that gives so many stars."""
        return msgspec.structs.replace(
            self, rating_sum=self.rating_sum + reviews * stars, rating_count=self.rating_count + reviews
        )

    def pictured(self, *pictures: Picture) -> "Entry":
        """The same version with these pictures."""
        return msgspec.structs.replace(self, pictures=pictures)

    def text(self, language: Language) -> Text:
        """Name and description in `language`; in Japanese where there is no translation."""
        own = Text(name=self.draft.name, description=self.draft.description)
        return own if language == "ja" else self.draft.translations.get(language, own)

    def shown(self, language: Language) -> Product:
        """The product as a client sees it. Pictures that are not finished are not among its images."""
        draft, text = self.draft, self.text(language)
        average = self.rating_sum / self.rating_count if self.rating_count else 0.0
        return Product(
            id=self.id,
            sku=draft.sku,
            name=text.name,
            description=text.description,
            price=yen(draft.price),
            category_id=draft.category_id,
            status=draft.status,
            attributes=draft.attributes,
            images=[picture.shown(self.id, text.name) for picture in self.pictures if picture.status == "ready"],
            rating=Rating(average=average, count=self.rating_count),
            stock_status=self.stock_status,
            translations=draft.translations,
            version=self.version,
            created_at=stamp(self.created_at),
            updated_at=stamp(self.updated_at),
        )

    def snapshot(self) -> shapes.Product:
        """The product as events carry it."""
        draft = self.draft
        return shapes.Product(
            id=self.id,
            sku=draft.sku,
            name=draft.name,
            price=yen(draft.price),
            category_id=draft.category_id,
            status=draft.status,
            translations=draft.translations,
            version=self.version,
        )


class Review(Shape):
    """What a customer thinks of a product."""

    id: str
    product_id: str
    user_id: str
    author: str
    rating: int
    title: str
    body: str
    created_at: str


class CategoryText(Shape):
    """What a category is called in another language."""

    name: str


class Category(Shape):
    """A category. `path` goes from the root to the category itself; `productCount` has active products, descendants'
    included.
    """

    id: str
    name: str
    parent_id: str | None
    path: list[str]
    depth: int
    product_count: int
    translations: dict[str, CategoryText]
    version: int


class CategoryNode(Category):
    """A category with those below it."""

    children: list["CategoryNode"]
