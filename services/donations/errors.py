"""What donations can refuse, each named for the fact."""

from collections.abc import Mapping

from shared.errors import Conflict, DosisError, NotAllowed, NotFound, Refused


class CollectionNotFound(NotFound):
    title = "There is no such collection here"


class LineNotFound(NotFound):
    title = "There is no such line in this collection"


class NotYourPharmacy(NotAllowed):
    title = "That is not your pharmacy"
    detail = "Open collections, and see them, only for the pharmacy where you are delegated."


class CollectionNotOpen(Conflict):
    title = "The collection has been handed in"
    detail = "Open a new collection for further boxes."


class CollectionNotHandedIn(Conflict):
    title = "The collection is not waiting to be checked"
    detail = "It is still open at the pharmacy, or every line of it has been checked."


class CollectionEmpty(Refused):
    title = "There is nothing in the collection"
    detail = "Add at least one line before you hand it in."


class LineWithdrawn(Conflict):
    title = "The line was withdrawn"
    detail = "Log the box anew."


class MoreThanAPack(Refused):
    title = "That is more than a full pack has"
    detail = "Count again what is in this one box."


class LineAlreadyChecked(Conflict):
    title = "This line was accepted or withdrawn already"
    detail = "Accepted units are in stock: put them right there."


class LineCannotBeAccepted(Refused):
    title = "The clinic does not accept this line"
    detail = "Refuse it, or hold it. What a policy refuses, the assembly can decide anew."


class LineStaysRefused(Refused):
    title = "A controlled substance stays refused"
    detail = "It waits to be destroyed; no check and no policy changes that."


class ReasonMissing(Refused):
    title = "Say why"
    detail = "A line that is held or refused needs a reason, for the pharmacy and for whoever looks next."


class ProductNotNamed(Refused):
    title = "Name the product by its id or by the code on its pack"
    detail = "Send just one of product_id and code."


class BatchReadAndUnreadable(Refused):
    title = "The batch is named, and said to be unreadable"
    detail = "Send just one of batch and batch_unreadable."


class MissingYetCounted(Refused):
    title = "What is missing has no units"
    detail = "`missing` says that nothing of the line is there. Accept, hold or refuse what is there, with its units."


_ANEW = (
    "Look at the box. If it is another medicine, say that this line is missing, or refuse it, and add the box anew; "
    "if it is the line's medicine, confirm that."
)


class GtinIsAnotherProduct(Refused):
    title = "The number of this line stands for another product by now"
    detail = f"A pharmacist or the catalogue says so. {_ANEW}"


class GtinRefused(Refused):
    title = "The number of this line stands for no product by now"
    detail = f"A pharmacist refused what it had been learnt to be. {_ANEW}"


CONSTRAINTS: Mapping[str, type[DosisError]] = {}
