"""The operations that take statements."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext, ServiceException, ServiceRequest, ServiceResponse
from localstack.aws.forwarder import create_aws_request_context
from moto.dynamodb.models import dynamodb_backends

from localprocs.dynamodb.partiql.statements import Call, call_of
from localprocs.dynamodb.partiql.words import InvalidStatement
from localprocs.moto_services import Handler, ask_moto, lock_of

MOST_IN_BATCH = 25
MOST_IN_TRANSACTION = 100
_PARTS = {"PutItem": "Put", "UpdateItem": "Update", "DeleteItem": "Delete", "ConditionCheck": "ConditionCheck"}
_READS = ("Query", "Scan")


def handlers(transact: Handler) -> dict[str, Handler]:
    """Return the handlers, given that of TransactWriteItems."""
    return {
        "ExecuteStatement": execute,
        "BatchExecuteStatement": execute_batch,
        "ExecuteTransaction": lambda context, request: _transaction(context, request, transact),
    }


def execute(context: RequestContext, request: ServiceRequest) -> ServiceResponse:
    """Answer ExecuteStatement."""
    call = _understood(context, request)
    if call.operation in _READS:
        return _page(context, call, request)
    answer = _run(context, call)
    return {"Items": [answer["Attributes"]] if answer.get("Attributes") else []}  # type: ignore[typeddict-item]


def execute_batch(context: RequestContext, request: ServiceRequest) -> ServiceResponse:
    """Answer BatchExecuteStatement: each statement for itself."""
    statements = request["Statements"]
    _require(len(statements) <= MOST_IN_BATCH, f"Member must have length less than or equal to {MOST_IN_BATCH}")

    def one(statement: Mapping[str, Any]) -> dict[str, Any]:
        try:
            call = _understood(context, statement)
            _require(call.operation != "Scan", "Select statements must specify the primary key in the where clause.")
            answer = _run(context, call)
        except ServiceException as error:
            code = error.code.removesuffix("Exception")
            return {"Error": {"Code": "ValidationError" if code == "Validation" else code, "Message": error.message}}
        items = answer.get("Items") or ([answer["Attributes"]] if answer.get("Attributes") else [])
        return {"TableName": call.request["TableName"], **({"Item": items[0]} if items else {})}

    return {"Responses": [one(statement) for statement in statements]}  # type: ignore[typeddict-item]


def _transaction(context: RequestContext, request: ServiceRequest, transact: Handler) -> ServiceResponse:
    statements = request["TransactStatements"]
    _require(
        len(statements) <= MOST_IN_TRANSACTION, f"Member must have length less than or equal to {MOST_IN_TRANSACTION}"
    )
    calls = [_understood(context, statement) for statement in statements]
    reads = [call for call in calls if call.operation in _READS]
    _require(len(reads) in (0, len(calls)), "Read and write operations cannot be combined in a single request.")
    if reads:
        with lock_of("dynamodb"):
            found = [_run(context, call)["Items"] for call in calls]
        return {"Responses": [{"Item": items[0]} if items else {} for items in found]}  # type: ignore[typeddict-item]
    wanted: dict[str, Any] = {"TransactItems": [{_PARTS[call.operation]: call.request} for call in calls]}
    if token := request.get("ClientRequestToken"):
        wanted["ClientRequestToken"] = token
    transact(_context(context, "TransactWriteItems", wanted), wanted)
    return {"Responses": [{} for _ in calls]}  # type: ignore[typeddict-item]


def _page(context: RequestContext, call: Call, request: Mapping[str, Any]) -> ServiceResponse:
    more = {name: request[name] for name in ("Limit", "ConsistentRead") if name in request}
    if token := request.get("NextToken"):
        try:
            more["ExclusiveStartKey"] = json.loads(base64.b64decode(token))
        except ValueError:
            raise CommonServiceException("ValidationException", "Invalid NextToken") from None
    answer = _run(context, Call(call.operation, {**call.request, **more}))
    page: dict[str, Any] = {"Items": answer["Items"]}
    if last := answer.get("LastEvaluatedKey"):
        page |= {"LastEvaluatedKey": last, "NextToken": base64.b64encode(json.dumps(last).encode()).decode()}
    return page  # type: ignore[return-value]


def _understood(context: RequestContext, request: Mapping[str, Any]) -> Call:
    try:
        return call_of(request["Statement"], request.get("Parameters") or [], _keys(context))
    except InvalidStatement as error:
        raise CommonServiceException("ValidationException", str(error)) from None


def _keys(context: RequestContext) -> Callable[[str, str | None], tuple[str, str | None]]:
    def keys_of(name: str, index: str | None) -> tuple[str, str | None]:
        tables = dynamodb_backends[context.account_id][context.region].tables
        if name not in tables:
            raise CommonServiceException("ResourceNotFoundException", "Requested resource not found")
        if index is None:
            return tables[name].hash_key_attr, tables[name].range_key_attr
        found = next((it for it in tables[name].all_indexes() if it.name == index), None)
        if found is None:
            raise CommonServiceException("ValidationException", "The table does not have the specified index")
        by_kind = {part["KeyType"]: part["AttributeName"] for part in found.schema}
        return by_kind["HASH"], by_kind.get("RANGE")

    return keys_of


def _run(context: RequestContext, call: Call) -> Any:
    try:
        return ask_moto(_context(context, call.operation, call.request))
    except ServiceException as error:
        if call.operation == "PutItem" and error.code == "ConditionalCheckFailedException":
            raise CommonServiceException("DuplicateItemException", "Duplicate primary key exists in table") from None
        raise


def _context(context: RequestContext, operation: str, request: Mapping[str, Any]) -> RequestContext:
    made = create_aws_request_context("dynamodb", operation, parameters=request, region=context.region)
    # Whose call it is, moto reads out of a header.
    made.request.headers["x-moto-account-id"] = context.account_id
    made.account_id, made.region = context.account_id, context.region
    made.service_request = request
    return made


def _require(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise CommonServiceException("ValidationException", otherwise)
