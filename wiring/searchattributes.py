"""Search attributes: a server learns those that it lacks, and a type that has changed is an error."""

from collections.abc import Mapping

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client

from wiring.serverlock import ServerError

VALUE_TYPES = {
    "Text": IndexedValueType.INDEXED_VALUE_TYPE_TEXT,
    "Keyword": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "KeywordList": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
    "Int": IndexedValueType.INDEXED_VALUE_TYPE_INT,
    "Double": IndexedValueType.INDEXED_VALUE_TYPE_DOUBLE,
    "Bool": IndexedValueType.INDEXED_VALUE_TYPE_BOOL,
    "Datetime": IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
}


async def add_search_attributes(client: Client, wanted: Mapping[str, str]) -> None:
    """Adds what the server lacks: the embedded one reads its flags for them only when it makes its database.

    Raises ServerError for one whose type has changed, and RPCError where the server does not let us.
    """
    types = {name: VALUE_TYPES[kind] for name, kind in wanted.items()}
    listing = ListSearchAttributesRequest(namespace=client.namespace)
    present = (await client.operator_service.list_search_attributes(listing)).custom_attributes
    if missing := {name: kind for name, kind in types.items() if name not in present}:
        addition = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
        await client.operator_service.add_search_attributes(addition)
        present = (await client.operator_service.list_search_attributes(listing)).custom_attributes
    for name, kind in types.items():
        if present.get(name) != kind:
            found = next((word for word, value in VALUE_TYPES.items() if value == present.get(name)), "nothing")
            raise ServerError(
                f"The database knows the search attribute {name} as {found}, not as {wanted[name]}: "
                "give the new one another name."
            )
