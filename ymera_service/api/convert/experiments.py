"""Experiments and their results."""

from ymera.v1 import experiments_pb2 as pb

from ymera_service.api.convert import Fields
from ymera_service.config import Unit
from ymera_service.serving.experiments import Experiment, Figure, Result, Results

_UNITS = {unit: pb.ExperimentUnit.Value(f"EXPERIMENT_UNIT_{unit.name}") for unit in Unit}


def experiment_fields(experiment: Experiment) -> Fields:
    """Returns an experiment as it is configured."""
    return {
        "name": experiment.name,
        "unit": _UNITS[experiment.unit],
        "arms": [{"name": arm.name, "share": arm.share, "settings": arm.settings} for arm in experiment.arms],
        "active": experiment.active,
    }


def results_message(found: Results) -> pb.GetExperimentResponse:
    """Returns the results of an experiment, by arm."""
    fields: Fields = {
        "experiment": experiment_fields(found.experiment),
        "results": [_result(one) for one in found.arms],
    }
    return pb.GetExperimentResponse(sample_ratio_mismatch=found.mismatch, **fields)


def _result(result: Result) -> Fields:
    figures = result.figures
    return {
        "arm": result.arm,
        "requests": result.requests,
        "units": result.units,
        "quality": _figure(figures.get("quality")),
        "cost_micros": _figure(figures.get("cost")),
        "latency_seconds": _figure(figures.get("latency")),
        "failures": _figure(figures.get("failures")),
    }


def _figure(figure: Figure | None) -> Fields | None:
    if figure is None:
        return None
    fields: Fields = {"mean": figure.mean, "units": figure.units}
    if (by := figure.difference) is not None:
        fields |= {"difference": by.value, "low": by.low, "high": by.high}
    return fields
