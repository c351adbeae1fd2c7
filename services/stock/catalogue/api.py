"""The catalogue's operations."""

from typing import Annotated
from uuid import UUID

from litestar.params import Parameter
from msgspec import Meta, Struct

from services.stock.catalogue import actions, corrections, store
from services.stock.catalogue.completing import FullFacts
from services.stock.catalogue.reasons import OpenReason
from shared import fields, known
from shared.catalogue import FormGroup, Ingredient, Kind, Product, Route
from shared.database import Work
from shared.roles import Act
from shared.web.operations import Limit, Skip, command, query
from shared.web.products import find_products

CodeText = Annotated[
    str, Parameter(min_length=4, max_length=20, pattern=fields.PACK_CODE, description="The code on the pack")
]


@query("/clinics/{clinic_id:uuid}/products/by-code", act=Act.SEE_CATALOGUE)
async def find_product_by_code(work: Work, code: CodeText) -> known.KnownProduct:
    """The product of a code on a pack."""
    async with work.reading() as tx:
        return await known.product_of(tx.sql, tx.clinic_id, await known.product_id_of_code(tx.sql, code))


class SeenProduct(Struct, frozen=True, kw_only=True):
    """A product as this clinic sees it, with who decided what of it, when and why."""

    product: Product
    controlled: bool
    substitution_group: str
    judgement: store.Judgement | None
    corrections: list[store.Corrected]


@query("/clinics/{clinic_id:uuid}/products/{product_id:uuid}", act=Act.SEE_CATALOGUE)
async def see_product(work: Work, product_id: UUID) -> SeenProduct:
    """One product as this clinic sees it, with the judgement of this clinic and the corrections of the cell."""
    async with work.reading() as tx:
        seen = await known.product_of(tx.sql, tx.clinic_id, product_id)
        return SeenProduct(
            product=seen.product,
            controlled=seen.controlled,
            substitution_group=seen.substitution_group,
            judgement=await store.judgement_of(tx, product_id),
            corrections=await store.corrections_of(tx.sql, product_id),
        )


class JudgementBody(fields.Body, frozen=True):
    reason: fields.Line
    controlled: bool | None = None
    substitution_group: fields.Line | None = None


@command("/clinics/{clinic_id:uuid}/products/{product_id:uuid}/judge", act=Act.JUDGE_PRODUCT)
async def judge_product(work: Work, product_id: UUID, data: JudgementBody) -> actions.ProductJudged:
    """Say otherwise than the catalogue, for this clinic: that it is controlled, or what it may stand in for."""
    return await actions.judge_product(
        work,
        product_id,
        controlled=data.controlled,
        substitution_group=data.substitution_group,
        reason=data.reason,
    )


Count = Annotated[int, Meta(ge=1, le=corrections.MAX_CONTENT_OR_UNITS)]
DECIMAL = rf"^[0-9]{{1,12}}(\.[0-9]{{1,9}})?{fields.END}"
Strength = Annotated[str, Meta(min_length=1, max_length=24, pattern=DECIMAL, description="A decimal number: 0.25")]
Word = Annotated[str, Meta(min_length=1, max_length=40, pattern=fields.ONE_LINE)]
ATC = rf"^[A-Z][0-9]{{2}}[A-Z]{{2}}[0-9]{{2}}{fields.END}"


class IngredientBody(fields.Body, frozen=True):
    """One substance, in any spelling that the table of moieties knows, and its strength."""

    moiety: fields.Line
    strength: Strength
    strength_unit: Annotated[str, Meta(min_length=1, max_length=40, pattern=fields.ONE_LINE, description="mg/5 ml")]

    def ingredient(self) -> Ingredient:
        return Ingredient(self.moiety, self.strength, self.strength_unit)


Ingredients = Annotated[list[IngredientBody], Meta(max_length=40)]


class PackSizeBody(fields.Body, frozen=True):
    """Which pack by its code, or by its label if it has none, and how many units are in it."""

    units_per_pack: Count
    code: fields.Code | None = None
    label: Annotated[str, Meta(max_length=300, pattern=fields.ONE_LINE)] = ""


class ProductCorrectionBody(fields.Body, frozen=True):
    """What is otherwise; what is left out stays as the sources say."""

    reason: fields.Line
    ingredients: Ingredients | None = None
    form_group: FormGroup | None = None
    content_per_unit: Count | None = None
    content_unit: Word | None = None
    packs: Annotated[list[PackSizeBody], Meta(max_length=50)] | None = None


@command("/clinics/{clinic_id:uuid}/products/{product_id:uuid}/correct", act=Act.JUDGE_PRODUCT)
async def correct_product(work: Work, product_id: UUID, data: ProductCorrectionBody) -> actions.ProductCorrected:
    """Put a product's facts right for the whole cell; later imports keep it so."""
    correction = corrections.Correction(
        ingredients=tuple(one.ingredient() for one in data.ingredients) if data.ingredients is not None else None,
        form_group=data.form_group,
        content_per_unit=data.content_per_unit,
        content_unit=data.content_unit,
        packs=tuple(
            corrections.PackSize(code=one.code, label=one.label, units_per_pack=one.units_per_pack)
            for one in data.packs or ()
        ),
    )
    return await actions.correct_product(work, product_id, correction, data.reason)


class OpenRows(Struct, frozen=True, kw_only=True):
    rows: list[store.WaitingRow]
    waiting: int
    """How many there are in all of those that were asked for."""


PartOfRow = Annotated[
    str | None,
    Parameter(min_length=1, max_length=100, pattern=fields.ONE_LINE, description="Part of the name or the code"),
]
Source = Annotated[
    str | None, Parameter(min_length=1, max_length=300, pattern=fields.ONE_LINE, description="The file's name")
]


@query("/clinics/{clinic_id:uuid}/catalogue/open-rows", act=Act.SEE_CATALOGUE)
async def list_open_rows(
    work: Work,
    text: PartOfRow = None,
    source: Source = None,
    reason: OpenReason | None = None,
    most: Limit = 50,
    skip: Skip = 0,
) -> OpenRows:
    """The rows of imported files that a person must complete, with what is known of each."""
    asked = store.AskedFor(text=text, source=source, reason=reason)
    async with work.reading() as tx:
        rows = await store.waiting_rows(tx.sql, most, skip, asked)
        return OpenRows(rows=rows, waiting=await store.count_waiting(tx.sql, asked))


class CompletionBody(fields.Body, frozen=True):
    """All that a product and its pack need, as it stands on the box."""

    reason: fields.Line
    name: fields.Line
    ingredients: Ingredients
    form_group: FormGroup
    form: fields.Line
    route: Route
    unit: Word
    content_per_unit: Count
    content_unit: Word
    units_per_pack: Count
    pack_label: fields.Line
    kind: Kind = Kind.MEDICINE
    code: fields.Code | None = None
    atc: Annotated[str, Meta(pattern=ATC)] | None = None
    holder: fields.Line | None = None
    cold_chain: bool = False


@command("/clinics/{clinic_id:uuid}/catalogue/open-rows/{row_key:uuid}/complete", act=Act.JUDGE_PRODUCT)
async def complete_open_row(work: Work, row_key: UUID, data: CompletionBody) -> actions.RowCompleted:
    """Say what a row could not tell: its product is listed for the whole cell, and later imports keep it so."""
    facts = FullFacts(
        name=data.name,
        kind=data.kind,
        ingredients=tuple(one.ingredient() for one in data.ingredients),
        form_group=data.form_group,
        form=data.form,
        route=data.route,
        unit=data.unit,
        content_per_unit=data.content_per_unit,
        content_unit=data.content_unit,
        units_per_pack=data.units_per_pack,
        pack_label=data.pack_label,
        code=data.code,
        atc=data.atc,
        holder=data.holder,
        cold_chain=data.cold_chain,
    )
    return await actions.complete_row(work, row_key, facts, data.reason)


ROUTES = (
    find_products,
    find_product_by_code,
    see_product,
    judge_product,
    correct_product,
    list_open_rows,
    complete_open_row,
)
