"""LocalStack's CloudWatch Logs, with patterns and queries that are understood, and AWS's limits."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.api import RequestContext, handler
from localstack.aws.api.logs import (
    InvalidParameterException,
    MalformedQueryException,
    PutLogEventsResponse,
    ResourceNotFoundException,
)
from localstack.aws.connect import connect_to
from localstack.services.logs import provider
from localstack.services.logs.models import get_moto_logs_backend
from localstack.services.logs.provider import LogsProvider
from localstack.services.moto import MotoFallbackDispatcher, call_moto, call_moto_with_request
from localstack.services.plugins import Service
from moto.core.utils import unix_time_millis
from moto.logs import models
from moto.logs.models import LogEvent, LogStream

from localprocs.logs import batches, filter_pattern, metric_filters, subscriptions
from localprocs.logs.insights import query as insights
from localprocs.logs.insights.events import row_of

MOST_DATA = 1000
"""Of one PutMetricData."""


class Logs(LogsProvider):
    """LocalStack's provider, but for what it takes and finds."""

    @handler("PutLogEvents", expand=False)
    def put_log_events(self, context: RequestContext, request: Mapping[str, Any]) -> PutLogEventsResponse:
        """Keep the events that AWS would, and make metrics of them."""
        backend = get_moto_logs_backend(context.account_id, context.region)
        group = backend.groups.get(request["logGroupName"])
        if group is None:
            raise ResourceNotFoundException("The specified log group does not exist.")
        try:
            taken = batches.sort(request["logEvents"], group.retention_in_days)
        except batches.InvalidBatch as error:
            raise InvalidParameterException(str(error)) from None
        token = group.put_log_events(request["logStreamName"], taken.kept)
        _count(context, metric_filters.data(backend.filters.metric_filters, group.name, taken.kept))
        rejected = {"rejectedLogEventsInfo": dict(taken.rejected)} if taken.rejected else {}
        return {"nextSequenceToken": token, **rejected}  # type: ignore[typeddict-item]

    @handler("FilterLogEvents", expand=False)
    def filter_log_events(self, context: RequestContext, request: Mapping[str, Any]) -> Any:
        """Find events by a pattern that is understood, in one group by its name or ARN."""
        _require_pattern(request.get("filterPattern"))
        asked = _by_name(request)
        if prefix := asked.pop("logStreamNamePrefix", None):
            group = get_moto_logs_backend(context.account_id, context.region).groups.get(asked.get("logGroupName"))
            asked["logStreamNames"] = [name for name in (group.streams if group else ()) if name.startswith(prefix)]
            if not asked["logStreamNames"]:
                return {"events": [], "searchedLogStreams": []}
        return call_moto_with_request(context, asked)

    @handler("PutMetricFilter", expand=False)
    def put_metric_filter(self, context: RequestContext, request: Mapping[str, Any]) -> Any:
        """Keep a filter that is understood, in the place of one of its name."""
        _require_pattern(request.get("filterPattern"))
        kept = get_moto_logs_backend(context.account_id, context.region).filters.metric_filters
        same = (request["filterName"], request["logGroupName"])
        kept[:] = [it for it in kept if (it["filterName"], it["logGroupName"]) != same]
        return call_moto(context)

    @handler("DescribeLogGroups", expand=False)
    def describe_log_groups(self, context: RequestContext, request: Any) -> Any:
        """Tell how many metric filters each group has, too."""
        filters = get_moto_logs_backend(context.account_id, context.region).filters.metric_filters
        counts = Counter(each["logGroupName"] for each in filters)
        answer = super().describe_log_groups(context, request)
        for group in answer["logGroups"]:
            group["metricFilterCount"] = counts[group["logGroupName"]]
        return answer

    @handler("PutSubscriptionFilter", expand=False)
    def put_subscription_filter(self, context: RequestContext, request: Mapping[str, Any]) -> Any:
        """Keep a filter that is understood, and whose role can be taken on.

        LocalStack looks for the destination as that role, which on AWS need not be able to do more than write.
        """
        _require_pattern(request.get("filterPattern"))
        role = request.get("roleArn")
        if not role:
            return call_moto(context)
        try:
            connect_to.with_assumed_role(role_arn=role, service_principal="logs", region_name=context.region)
        except ClientError as error:
            text = (
                f"Could not deliver test message to {request['destinationArn']}: {error.response['Error']['Message']}"
            )
            raise InvalidParameterException(text) from None
        answer = call_moto_with_request(context, {name: value for name, value in request.items() if name != "roleArn"})
        group = get_moto_logs_backend(context.account_id, context.region).groups[request["logGroupName"]]
        group.subscription_filters[request["filterName"]].role_arn = role
        return answer

    @handler("TestMetricFilter", expand=False)
    def test_metric_filter(
        self,
        context: RequestContext,  # noqa: ARG002 - LocalStack's
        request: Mapping[str, Any],
    ) -> Any:
        """Tell which messages a pattern means."""
        _require_pattern(request["filterPattern"])
        pattern = filter_pattern.parse(request["filterPattern"])
        return {
            "matches": [
                {"eventNumber": number, "eventMessage": message, "extractedValues": {}}
                for number, message in enumerate(request["logEventMessages"], 1)
                if pattern.matches(message)
            ]
        }

    @handler("StartQuery", expand=False)
    def start_query(self, context: RequestContext, request: Mapping[str, Any]) -> Any:
        """Run a query of Insights' own language."""
        if request.get("queryLanguage", "CWLI") != "CWLI":
            raise NotImplementedError(f"logs.StartQuery with queryLanguage {request['queryLanguage']}")
        names = [
            *([request["logGroupName"]] if request.get("logGroupName") else []),
            *request.get("logGroupNames", []),
            *map(_name, request.get("logGroupIdentifiers", [])),
        ]
        if not names:
            raise InvalidParameterException("Either logGroupName, logGroupNames or logGroupIdentifiers must be given")
        asked = {key: request[key] for key in ("startTime", "endTime", "queryString")}
        if limit := request.get("limit"):
            asked["queryString"] = f"{asked['queryString'].rstrip()} | limit {limit}"
        return call_moto_with_request(context, {**asked, "logGroupNames": names})

    @handler("GetQueryResults", expand=False)
    def get_query_results(self, context: RequestContext, request: Mapping[str, Any]) -> Any:
        """Tell what a query has found."""
        backend = get_moto_logs_backend(context.account_id, context.region)
        if request["queryId"] not in backend.queries:
            raise ResourceNotFoundException(f"Query Id {request['queryId']} not found")
        return call_moto(context)


class Answered(models.LogQuery):
    """A query that is run when it is started."""

    def __init__(
        self, query_id: str, start_time: int, end_time: int, query: str, log_groups: Sequence[models.LogGroup]
    ) -> None:
        """Run it; times are epoch seconds.

        Raises:
            MalformedQueryException: it is not understood.
        """
        self.query_id, self.query = query_id, query
        self.start_time, self.end_time = start_time, end_time
        self.log_group_names = [group.name for group in log_groups]
        self.create_time = unix_time_millis()
        events = [
            (group, stream, event)
            for group in log_groups
            for stream in list(group.streams.values())
            for event in list(stream.events)
            if start_time * 1000 <= event.timestamp <= end_time * 1000
        ]
        rows = (
            row_of(
                event.message,
                at=event.timestamp,
                stream=stream.log_stream_name,
                group=group.name,
                account=group.account_id,
                ptr=event.event_id,
                ingested=event.ingestion_time,
            )
            for group, stream, event in events
        )
        try:
            found = insights.parse(query).run(rows)
        except insights.MalformedQuery as error:
            raise MalformedQueryException(str(error)) from None
        self.rows, self.status = found, "Complete"
        self.scanned = len(events), sum(len(event.message.encode()) for _, _, event in events)

    def to_result_json(self) -> dict[str, Any]:
        """Return what GetQueryResults answers."""
        records, size = self.scanned
        statistics = {"recordsMatched": len(self.rows), "recordsScanned": records, "bytesScanned": size}
        return {"results": self.rows, "status": self.status, "statistics": statistics, "queryLanguage": "CWLI"}


def make() -> Service:
    """Make the service."""
    models.LogQuery = Answered
    provider.get_pattern_matcher = _matcher
    LogStream.put_log_events = _keep
    return Service.for_provider(Logs(), dispatch_table_factory=MotoFallbackDispatcher)


def _matcher(pattern: str) -> Any:
    understood = filter_pattern.parse(pattern)
    return lambda _pattern, event: understood.matches(event["message"])


def _keep(stream: LogStream, log_events: Sequence[dict[str, Any]]) -> str:
    stream.last_ingestion_time = int(unix_time_millis())
    stream.stored_bytes += sum(len(event["message"]) for event in log_events)
    events = [LogEvent(stream.last_ingestion_time, event) for event in log_events]
    stream.events += events
    stream.upload_sequence_token += 1
    subscriptions.send(stream, events)
    return f"{stream.upload_sequence_token:056d}"


def _require_pattern(pattern: str | None) -> None:
    try:
        filter_pattern.parse(pattern or "")
    except filter_pattern.InvalidPattern as error:
        raise InvalidParameterException(str(error)) from None


def _by_name(request: Mapping[str, Any]) -> dict[str, Any]:
    # AWS answers in the order of time whatever is asked.
    asked = {**request, "interleaved": True}
    if "logGroupIdentifier" in asked:
        if "logGroupName" in asked:
            raise InvalidParameterException("LogGroup name and LogGroup ARN are mutually exclusive parameters.")
        asked["logGroupName"] = _name(asked.pop("logGroupIdentifier"))
    return asked


def _name(identifier: str) -> str:
    return identifier.split(":log-group:", 1)[-1].removesuffix(":*")


def _count(context: RequestContext, found: Any) -> None:
    by_namespace: defaultdict[str, list[metric_filters.Datum]] = defaultdict(list)
    for namespace, datum in found:
        by_namespace[namespace].append(datum)
    for namespace, several in by_namespace.items():
        client = connect_to(aws_access_key_id=context.account_id, region_name=context.region).cloudwatch
        for begin in range(0, len(several), MOST_DATA):
            client.put_metric_data(Namespace=namespace, MetricData=several[begin : begin + MOST_DATA])
