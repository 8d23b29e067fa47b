"""tensorboard_events.py FOLDER LOG: reads event files with TensorBoard's own reader and compares them with log.jsonl."""
import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

folder, log = sys.argv[1:3]
entries = [json.loads(line) for line in open(log, encoding="utf-8")]
events = EventAccumulator(folder, size_guidance={"scalars": 0, "tensors": 0})
events.Reload()
for kind, tags in (("train", ("loss", "learning_rate", "gradient_norm")), ("validation", ("loss", "bleu", "chrf"))):
    for tag in tags:
        expected = [(entry["step"], entry[tag]) for entry in entries if entry["event"] == kind]
        found = [(event.step, event.value) for event in events.Scalars(f"{kind}/{tag}")]
        if [step for step, _ in found] != [step for step, _ in expected]:
            sys.exit(f"{kind}/{tag}: steps {found}, expected {expected}")
        for (_, a), (_, b) in zip(found, expected):
            if abs(a - b) > 1e-5 * max(1, abs(b)):
                sys.exit(f"{kind}/{tag}: {found}, expected {expected}")
texts = events.Tensors("samples/1")
if len(texts) != sum("samples" in entry for entry in entries):
    sys.exit(f"{len(texts)} texts")
if not texts[-1].tensor_proto.string_val[0].startswith(b"source: "):
    sys.exit(f"a sample is {texts[-1].tensor_proto.string_val[0]!r}")
print("agrees")
