"""Experiments and their results."""

from ymera.v1 import experiments_pb2

from tests.unit.cli.render.shown import lines
from ymera_service.cli.render import experiments


def test_an_experiments_arms_are_shown_with_their_differences() -> None:
    pb = experiments_pb2
    quality = pb.ExperimentFigure(mean=0.8, units=120)
    better = pb.ExperimentFigure(mean=0.9, units=115, difference=0.1, low=-0.01, high=0.21)
    found = pb.GetExperimentResponse(
        experiment=pb.Experiment(name="cheaper", unit=pb.EXPERIMENT_UNIT_END_USER, active=True),
        results=[
            pb.ExperimentResult(arm="control", requests=300, units=150, quality=quality),
            pb.ExperimentResult(
                arm="cheap",
                requests=290,
                units=140,
                quality=better,
                cost_micros=pb.ExperimentFigure(mean=120.4, units=140, difference=-30.0, low=-50.0, high=-10.0),
            ),
        ],
        sample_ratio_mismatch="units of each arm: …",
    )
    assert lines(experiments.results(found)) == [
        "cheaper: active, by end user",
        "The differences can't be trusted; units of each arm: …",
        "",
        "arm      requests  units",
        "control       300    150",
        "cheap         290    140",
        "",
        "figure             arm           mean  units  difference  95 % interval",
        "quality            control      0.800    120",
        "quality            cheap        0.900    115      +0.100  -0.010 to 0.210",
        "cost of a request  cheap    $0.000120    140  -$0.000030  -$0.000050 to -$0.000010",
    ]
    assert lines(experiments.results(found), 40)[-8:] == [
        "figure    arm           mean  difference",
        "quality   control      0.800",
        "quality   cheap        0.900      +0.100",
        "cost of   cheap    $0.000120  -$0.000030",
        "a",
        "request",
        "without units, 95 % interval, for which",
        "the terminal is too narrow",
    ]


def test_experiments_are_listed_with_their_arms() -> None:
    pb = experiments_pb2
    arms = [
        pb.ExperimentArm(name="control", share=0.1),
        pb.ExperimentArm(name="b", share=0.5, settings="policy fastest"),
    ]
    one = pb.Experiment(name="cheaper", unit=pb.EXPERIMENT_UNIT_SESSION, arms=arms)
    assert lines([experiments.listed([one])]) == [
        "experiment  unit     active  arm      share  sets",
        "cheaper     session  no      control    10%",
        "cheaper     session  no      b          50%  policy fastest",
    ]
    assert lines([experiments.listed([one])], 40)[1:] == [
        "cheaper     control    10%",
        "cheaper     b          50%  policy",
        "                            fastest",
        "without unit, active, for which the",
        "terminal is too narrow",
    ]
