"""The CDK app: options in, one cloud assembly out."""

import tempfile
from pathlib import Path
from typing import Any

from aws_cdk import App, DefaultStackSynthesizer, Tags, Validations
from cdk_nag import AwsSolutionsChecks

from huntaze_scraper import names
from infra_cdk import bundle
from infra_cdk.network import Network
from infra_cdk.observability import Observability
from infra_cdk.options import Options
from infra_cdk.queues import Queues
from infra_cdk.rate_limiter import RateLimiter
from infra_cdk.registry import Registry
from infra_cdk.scraper import Scraper

ROOT = Path(__file__).parents[1]
FEATURE_FLAGS: dict[str, str | bool] = {
    "@aws-cdk/aws-ecs:removeDefaultDesiredCount": True,
    "@aws-cdk/aws-iam:minimizePolicies": True,
    "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True,
    "@aws-cdk/core:checkSecretUsage": True,
    "@aws-cdk/core:defaultCrossStackReferences": "strong",
}


def build(app: App, bundles: dict[str, Path]) -> None:
    """Put the stacks into the app, in the order in which they stand on each other."""
    options = Options.from_context({name: app.node.try_get_context(name) for name in Options.names()})
    network = None if options.vpc_id else Network(app, "HuntazeNetwork", **_common())
    registry = Registry(app, names.REGISTRY_STACK, **_common())
    queues = Queues(app, names.QUEUES_STACK, options=options, **_common())
    RateLimiter(app, names.LIMITER_STACK, options=options, queues=queues, bundle=bundles[bundle.LIMITER], **_common())
    Scraper(
        app,
        names.SCRAPER_STACK,
        options=options,
        network=network,
        queues=queues,
        repository=registry.repository,
        rotation_bundle=bundles[bundle.ROTATION],
        **_common(),
    )
    Observability(app, "HuntazeObservability", options=options, queues=queues, **_common())
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    Tags.of(app).add("project", "huntaze")
    Tags.of(app).add("component", "onlyfans-scraper")


def _common() -> dict[str, Any]:
    # Without the rule a template deploys where no CDK was bootstrapped, given a bucket for its assets.
    return {
        "analytics_reporting": False,
        "synthesizer": DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
    }


def main() -> None:
    """Write the cloud assembly to ``CDK_OUTDIR`` (the CDK sets it), else to cdk.out."""
    app = App(context=FEATURE_FLAGS, analytics_reporting=False)
    with tempfile.TemporaryDirectory() as folder:
        functions = (bundle.LIMITER, bundle.ROTATION)
        build(app, {name: bundle.build(ROOT, Path(folder) / f"{name}.zip", name) for name in functions})
        app.synth()


if __name__ == "__main__":
    main()
