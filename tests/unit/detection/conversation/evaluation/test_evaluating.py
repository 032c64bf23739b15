from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import msgspec
import pytest

from tutela.detection.conversation.corpora.opening import Corpus, open_corpus
from tutela.detection.conversation.corpora.record import record_of
from tutela.detection.conversation.corpora.synthetic.generating import Plan, synthesise
from tutela.detection.conversation.evaluation.evaluating import Protocolled, evaluate
from tutela.detection.conversation.evaluation.lexicon import Lexicon
from tutela.detection.conversation.evaluation.measuring import Choice
from tutela.detection.conversation.evaluation.report import (
    DECOYS,
    SYNTHETIC,
    EvaluationReport,
    Measured,
)
from tutela.detection.conversation.shipped import shipped_rater
from tutela.errors import InvalidInput
from tutela.model.conversation.message import Labelled

RATER = shipped_rater()
LEXICON = Lexicon()
SIZE = 300
QUICK = Protocolled(resamples=40, perturbed=20, choice=Choice(false_alarms=0.05))


def written(folder: Path, talks: Iterator[Labelled]) -> Corpus:
    path = folder / "talks.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(record_of(one)) + b"\n" for one in talks))
    return open_corpus(path)


def run(corpus: Corpus, how: Protocolled = QUICK) -> EvaluationReport:
    return evaluate([("talks", corpus)], RATER, how, find=LEXICON.find, cues=LEXICON.cues)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    plan = Plan(conversations=SIZE, positives=0.3, longest=40)
    return written(tmp_path_factory.mktemp("corpus"), synthesise(plan))


@pytest.fixture(scope="module")
def report(corpus: Corpus) -> EvaluationReport:
    return run(corpus)


def model(report: EvaluationReport) -> Measured:
    return report.raters[0]


def test_the_report_is_the_same_again(corpus: Corpus, report: EvaluationReport) -> None:
    assert msgspec.json.encode(run(corpus)) == msgspec.json.encode(report)


def test_synthetic_conversations_are_said_to_be_synthetic(report: EvaluationReport) -> None:
    assert report.synthetic
    assert report.cautions[0] == SYNTHETIC
    assert report.material.synthetic == SIZE


def test_material_adds_up(corpus: Corpus, report: EvaluationReport) -> None:
    material = report.material
    assert material.conversations == sum(material.choosing) + sum(material.measuring) == SIZE
    assert material.positives == material.choosing[0] + material.measuring[0]
    assert material.groups < SIZE
    reading = material.files[0].reading
    assert (reading.read, reading.skipped) == (SIZE, 0)
    assert reading.sha256 == hashlib.sha256(corpus.path.read_bytes()).hexdigest()


def test_baselines_stand_beside_the_model(report: EvaluationReport) -> None:
    names = [one.name for one in report.raters]
    assert names == [RATER.model, "metadata only", "lexicon only"]
    metadata, lexicon = (one.area.value or 0 for one in report.raters[1:])
    # Only harmless conversations have many authors, so that even this one is better than chance.
    assert 0.5 < metadata < lexicon < 1


def test_figures_hang_together(report: EvaluationReport) -> None:
    for one in report.raters:
        assert [prefix.messages for prefix in one.prefixes] == [5, 10, 20, 50, None]
        recalls = [prefix.recall or 0 for prefix in one.prefixes]
        assert recalls == sorted(recalls)
        assert recalls[-1] == one.recall.value
        assert one.prefixes[-1].f1 == one.f1
        assert one.prefixes[-1].average_precision == one.average_precision
        assert one.early.f1 == one.f1.value
        assert one.early.p == pytest.approx(0.01234, abs=1e-5)
        shares = [share for _, share in one.early.shares]
        assert shares == sorted(shares)
        assert shares[-1] == one.recall.value
        for figure in (one.f1, one.recall, one.average_precision, one.area):
            assert figure.value is not None
            assert figure.low is not None
            assert figure.high is not None
            assert figure.low <= figure.value <= figure.high
        for rare in one.prevalences:
            assert (rare.at_least or 0) <= (rare.precision or 0)
        assert one.worst_stratum in {stratum.stratum for stratum in one.strata}
        worst = max(stratum.rate for stratum in one.strata)
        assert next(s.rate for s in one.strata if s.stratum == one.worst_stratum) == worst


def test_onsets_and_authors_are_told_of_the_model(report: EvaluationReport) -> None:
    onset = model(report).onset
    assert onset is not None
    assert onset.told == report.material.measuring[0]
    assert onset.premature is not None
    authors = model(report).authors
    assert authors is not None
    assert 0 < authors < model(report).alerts


def test_every_way_of_writing_is_tried(report: EvaluationReport) -> None:
    assert [one.name for one in report.perturbations] == [
        "digits for letters",
        "look-alike letters",
        "letters set apart",
        "emoji between words",
        "stretched words",
    ]
    for one in report.perturbations:
        assert one.positives == 20
        assert 0 <= one.recall <= 1


def test_a_given_threshold_is_used(corpus: Corpus) -> None:
    how = QUICK._replace(choice=Choice(threshold=4.0), perturbed=0, resamples=0)
    found = run(corpus, how)
    assert model(found).threshold == 4.0
    assert found.chosen == "threshold 4, as given"
    assert found.perturbations == ()
    assert model(found).f1.low is None


def test_too_low_a_rate_chooses_nothing_and_says_so(corpus: Corpus) -> None:
    how = QUICK._replace(choice=Choice(false_alarms=1e-5), resamples=0)
    found = run(corpus, how)
    assert model(found).threshold is None
    assert model(found).recall.value == 0
    assert any("too few harmless" in caution for caution in found.cautions)


def test_cautions_name_decoys_confounds_and_files_that_were_learnt_from(tmp_path: Path) -> None:
    talks = (
        msgspec.structs.replace(one, synthetic=False, source="pan12" if one.label else "other")
        for one in synthesise(Plan(conversations=60, positives=0.5, longest=10))
    )
    corpus = written(tmp_path, talks)
    digest = hashlib.sha256(b"".join(map(msgspec.json.encode, corpus))).hexdigest()
    found = evaluate(
        [("talks", corpus)],
        RATER,
        QUICK._replace(resamples=0, perturbed=0),
        trained_on=frozenset((digest,)),
    )
    assert not found.synthetic
    assert found.cautions[0] == DECOYS
    assert "learnt from one of these files" in found.cautions[1]
    assert "different sources" in found.cautions[2]
    assert len(found.raters) == 2


def test_one_class_only_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no positive conversation"):
        run(written(tmp_path, synthesise(Plan(conversations=20, positives=0.0))))


def test_other_files_may_be_measured_and_share_nobody_with_what_chooses(
    corpus: Corpus, tmp_path: Path
) -> None:
    plan = Plan(conversations=100, positives=0.5, longest=20, seed=2)
    shared = next(one for one in corpus if one.label)
    other = written(tmp_path, chain(synthesise(plan), [shared]))
    found = evaluate(
        [("talks", corpus)],
        RATER,
        QUICK._replace(resamples=0, perturbed=3),
        measured_on=[("other", other)],
    )
    material = found.material
    assert sum(material.measuring) == 101
    assert [file.name for file in material.files] == ["talks", "other"]
    kin = sum(one.predator_ids == shared.predator_ids for one in corpus)
    assert kin > 1
    assert sum(material.choosing) == SIZE - kin
    assert found.perturbations[0].positives == 3
