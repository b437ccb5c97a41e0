"""What a rehearsal prints: times, losses, the transcript by speaker, the draft with its evidence."""

from collections.abc import Sequence
from typing import Any

from app.record.tables import NoteContent
from app.record.transcripts import Line


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value that `share` of the values do not exceed (nearest rank); None of nothing."""
    ranked = sorted(values)
    return round(ranked[min(len(ranked) - 1, int(share * len(ranked)))], 1) if ranked else None


def transcript(lines: Sequence[Line], began_ms: float) -> list[dict[str, Any]]:
    """Spoken lines, in seconds since the synthetic participants began to speak."""
    return [
        {"speaker": line.role, "start": _since(line.start_at.timestamp(), began_ms),
         "end": _since(line.end_at.timestamp(), began_ms), "text": line.text}
        for line in lines if line.kind == "speech"
    ]


def _since(at_s: float, began_ms: float) -> float:
    return round(at_s - began_ms / 1000, 2)


def draft(content: NoteContent | None, shift_s: float) -> dict[str, Any]:
    """The drafted note; evidence in the same seconds as the transcript."""
    if content is None:
        return {"sections": [], "reason": "no draft"}
    return {
        "reason": content.reason or None,
        "sections": [
            {"code": section.code, "title": section.title, "sentences": [
                {"text": sentence.text, "evidence": [
                    {"segment": e.segment, "start": round(e.start + shift_s, 2), "end": round(e.end + shift_s, 2)}
                    for e in sentence.evidence]}
                for sentence in section.sentences]}
            for section in content.sections
        ],
    }


def describe(report: dict[str, Any]) -> str:
    """The report for people."""
    latency = report["caption_latency_ms"]
    lines = [
        f"join             {report['join_ms']} ms",
        f"first media      {report['first_media_ms']} ms",
        f"captions         p50 {latency['p50']} ms, p95 {latency['p95']} ms after the end of speech",
        f"draft            {report['draft_ms']} ms after the end of the visit",
        f"lost packets     {report['lost']}",
        *(f"through          {url} ({who})" for who, url in report.get("relays", {}).items()), "",
    ]
    lines += [f"{t['start']:7.1f}  {t['speaker']:<8} {t['text']}" for t in report["transcript"]]
    for section in report["draft"]["sections"]:
        lines += ["", section["title"].upper(), *(f"  {s['text']}" for s in section["sentences"])]
    if report["draft"]["reason"]:
        lines += ["", report["draft"]["reason"]]
    return "\n".join(lines)
