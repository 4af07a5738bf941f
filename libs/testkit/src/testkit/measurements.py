"""What the process of the tests measured: OpenTelemetry's own reader in memory, behind every instrument of ours."""

from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, NumberDataPoint


class Measurements:
    """Reads instruments by name. There is one for a process: a provider of meters can be set once."""

    def __init__(self) -> None:
        self._reader = InMemoryMetricReader()
        metrics.set_meter_provider(MeterProvider([self._reader]))

    def of(self, name: str, **labels: str) -> float:
        """Return an instrument's value, of a histogram how often it measured, summed over what has these labels.

        An underscore in a label stands for a dot.
        """
        data = self._reader.get_metrics_data()
        wanted = {label.replace("_", "."): value for label, value in labels.items()}
        points = [
            point
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
            if wanted.items() <= dict(point.attributes or {}).items()
        ]
        return sum(
            float(point.value if isinstance(point, NumberDataPoint) else point.count) for point in points
        )
