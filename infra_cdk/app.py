"""The CDK app: options in, one cloud assembly out."""

import tempfile
from pathlib import Path

from aws_cdk import App, DefaultStackSynthesizer, Tags

from infra_cdk import bundle
from infra_cdk.network import Network
from infra_cdk.observability import Observability
from infra_cdk.options import Options
from infra_cdk.queues import Queues
from infra_cdk.rate_limiter import RateLimiter
from infra_cdk.registry import Registry
from infra_cdk.scraper import Scraper

ROOT = Path(__file__).parents[1]
FEATURE_FLAGS = {
    "@aws-cdk/aws-ecs:removeDefaultDesiredCount": True,
    "@aws-cdk/aws-iam:minimizePolicies": True,
    "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True,
    "@aws-cdk/core:checkSecretUsage": True,
}


def build(app: App, limiter_bundle: Path) -> None:
    """Put the stacks into the app, in the order in which they stand on each other."""
    options = Options.from_context({name: app.node.try_get_context(name) for name in Options.names()})
    common = {"analytics_reporting": False}

    def synthesizer() -> DefaultStackSynthesizer:
        return DefaultStackSynthesizer(generate_bootstrap_version_rule=False)

    network = Network(app, "HuntazeNetwork", options=options, synthesizer=synthesizer(), **common)
    registry = Registry(app, "HuntazeRegistry", synthesizer=synthesizer(), **common)
    queues = Queues(app, "HuntazeQueues", options=options, synthesizer=synthesizer(), **common)
    RateLimiter(
        app, "HuntazeRateLimiter", queues=queues, bundle=limiter_bundle, synthesizer=synthesizer(), **common
    )
    Scraper(
        app,
        "HuntazeScraper",
        options=options,
        network=network,
        queues=queues,
        repository=registry.repository,
        synthesizer=synthesizer(),
        **common,
    )
    Observability(app, "HuntazeObservability", options=options, queues=queues, synthesizer=synthesizer(), **common)
    Tags.of(app).add("project", "huntaze")
    Tags.of(app).add("component", "onlyfans-scraper")


def main() -> None:
    """Write the cloud assembly to ``CDK_OUTDIR`` (the CDK sets it), else to cdk.out."""
    app = App(context=FEATURE_FLAGS, analytics_reporting=False)
    with tempfile.TemporaryDirectory() as folder:
        build(app, bundle.build(ROOT, Path(folder) / "limiter.zip"))
        app.synth()


if __name__ == "__main__":
    main()
