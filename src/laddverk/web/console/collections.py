"""Collections from bank accounts, and the files to and from banks."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import BankFileId, CollectionId, shown
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.ledger import queries as ledger_queries
from laddverk.payments.direct_debit import bank_files, collecting, mandates, queries
from laddverk.payments.direct_debit.jobs import scheme_of
from laddverk.payments.direct_debit.model import CURRENCIES, Scheme
from laddverk.payments.providers.bankgirot.lines import BYTES_MAX
from laddverk.web.console import bank_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

SORTS: Final = ("-due", "amount")
FORM_OVERHEAD_BYTES: Final = 10_000  # the borders of a form's parts, and the name of its file
LINES_SHOWN: Final = 200


@get("/console/collections", opt={NEEDS: Permission.PAYMENTS_READ})
async def list_collections(desk: AtDesk) -> Response[str]:
    """What is collected from bank accounts, the latest day first."""
    listing = desk.listing(*SORTS)
    state = desk.asked("state")
    async with desk.transaction() as tx:
        rows = await queries.collections(
            tx, listing.search, state, listing.sort, limit=PAGE_SIZE, offset=listing.offset
        )
        return desk.page(
            "console/collections/list.html",
            bank=bank_words,
            rows=rows,
            listing=listing,
            total=await queries.count_collections(tx, listing.search, state),
            states=await queries.collection_states(tx),
            schemes=mandates.schemes(desk.house.settings),
        )


@get("/console/collections/{collection_id:str}", opt={NEEDS: Permission.PAYMENTS_READ})
async def show_collection(desk: AtDesk, collection_id: FromPath[str]) -> Response[str]:
    """One try to collect, or to pay back."""
    return await _collection_page(desk, collection_id, {})


async def _collection_page(desk: Desk, collection_id: str, errors: dict[str, str], status: int = 200) -> Response[str]:
    async with desk.transaction() as tx:
        collection: queries.CollectionRow = found(await queries.collection(tx, named("col", collection_id)))
        return desk.page(
            "console/collections/detail.html",
            status=status,
            bank=bank_words,
            collection=collection,
            tries=await queries.of_invoice(tx, collection.invoice_id) if collection.invoice_id else [],
            postings=await ledger_queries.postings_of(tx, collection.payment_id),
            errors=errors,
        )


@post("/console/collections/{collection_id:str}/cancel", opt={NEEDS: Permission.PAYMENTS_REFUND}, status_code=200)
async def cancel_collection(desk: AtDesk, collection_id: FromPath[str]) -> Response[Any]:
    """Take a collection back, with a reason."""
    form = await desk.form()
    identity = CollectionId(named("col", collection_id))
    try:
        async with desk.transaction() as tx:
            await collecting.cancel(tx, desk.actor, identity, form.get("reason", ""), desk.now)
    except NotFound:
        raise
    except Problem as problem:
        return await _collection_page(desk, collection_id, desk.errors(problem), problem.status)
    return desk.go(f"/console/collections/{shown('col', identity)}", desk.words("The collection is taken back."))


@get("/console/bank-files", opt={NEEDS: Permission.PAYMENTS_READ})
async def list_files(desk: AtDesk) -> Response[str]:
    """Files to and from banks, what each did, and whether the bank and the books agree."""
    return await _files_page(desk, {})


async def _files_page(desk: Desk, errors: dict[str, str], status: int = 200) -> Response[str]:
    listing = desk.listing("-made")
    which = desk.asked("which")
    schemes = mandates.schemes(desk.house.settings)
    async with desk.transaction() as tx:
        return desk.page(
            "console/collections/files.html",
            status=status,
            bank=bank_words,
            rows=await queries.files(tx, listing.search, which, limit=PAGE_SIZE, offset=listing.offset),
            total=await queries.count_files(tx, listing.search, which),
            listing=listing,
            schemes=schemes,
            booked=[(each, CURRENCIES[each], await queries.booked(tx, each)) for each in schemes],
            errors=errors,
        )


@post("/console/bank-files/write", opt={NEEDS: Permission.PAYMENTS_REFUND}, status_code=200)
async def write_file(desk: AtDesk) -> Response[Any]:
    """Plan what is owed, and write the next file to the bank."""
    form = await desk.form()
    try:
        scheme = Scheme(form.get("scheme", ""))
    except ValueError:
        raise NotFound("There is no agreement for this way of paying.") from None
    async with desk.transaction() as tx:
        made = await collecting.write(tx, desk.house, desk.actor, scheme, desk.now)
    if made is None:
        return desk.go("/console/bank-files", desk.words("There is nothing to tell the bank now."))
    return desk.go(f"/console/bank-files/{shown('bnk', made.file_id)}", desk.words("The file is written."))


@post(
    "/console/bank-files",
    opt={NEEDS: Permission.PAYMENTS_REFUND},
    status_code=200,
    request_max_body_size=BYTES_MAX + FORM_OVERHEAD_BYTES,
)
async def take_file(desk: AtDesk, request: Request[Any, Any, Any]) -> Response[Any]:
    """Take in a file from the bank, whole or not at all."""
    file = (await request.form()).get("file")
    try:
        if not isinstance(file, UploadFile) or not (content := await file.read()):
            raise Invalid("Choose the file that came from the bank.", field="file")
        async with desk.transaction() as tx:
            taken = await bank_files.take_in(
                tx, desk.house, desk.actor, scheme_of(content), file.filename, content, desk.now
            )
    except NotFound:
        raise
    except Problem as problem:
        return await _files_page(desk, desk.errors(problem), problem.status)
    notice = desk.words("This file was taken in before: nothing was booked again.") if taken.copies > 1 else ""
    return desk.go(f"/console/bank-files/{shown('bnk', taken.file_id)}", notice or desk.words("The file is taken in."))


@get("/console/bank-files/{bank_file_id:str}", opt={NEEDS: Permission.PAYMENTS_READ})
async def show_file(desk: AtDesk, bank_file_id: FromPath[str]) -> Response[str]:
    """One file: what its lines said and did."""
    listing = desk.listing("line")
    async with desk.transaction() as tx:
        file: queries.FileRow = found(await queries.file(tx, named("bnk", bank_file_id)))
        offset = (listing.page - 1) * LINES_SHOWN
        return desk.page(
            "console/collections/file.html",
            bank=bank_words,
            file=file,
            currency=CURRENCIES[Scheme(file.scheme)],
            lines=await queries.lines(tx, file.id, limit=LINES_SHOWN, offset=offset),
            ordered=await queries.ordered(tx, file.id),
            listing=listing,
            lines_shown=LINES_SHOWN,
        )


@get("/console/bank-files/{bank_file_id:str}/download", opt={NEEDS: Permission.PAYMENTS_REFUND})
async def fetch_file(desk: AtDesk, bank_file_id: FromPath[str]) -> Response[bytes]:
    """The file itself, the same bytes every time."""
    async with desk.transaction() as tx:
        name, content = await bank_files.fetch(
            tx, desk.house, desk.actor, BankFileId(named("bnk", bank_file_id)), desk.now
        )
    plain = "".join(letter for letter in name if letter.isascii() and (letter.isalnum() or letter in "-_."))
    headers = {"content-disposition": f'attachment; filename="{plain or "file"}"', "cache-control": "no-store"}
    return Response(content, media_type="application/octet-stream", headers=headers)


ROUTES: Final = [
    list_collections,
    show_collection,
    cancel_collection,
    list_files,
    write_file,
    take_file,
    show_file,
    fetch_file,
]
