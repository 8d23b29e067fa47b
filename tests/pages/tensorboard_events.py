"""tensorboard_events.py FOLDER LOG TRANSLATION: reads event files with TensorBoard's own reader and compares them with log.jsonl, and the last
attention image with the weights of TRANSLATION, the JSON line of the first validation line."""
import json
import struct
import sys
import zlib

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

folder, log, translation = sys.argv[1:4]
entries = [json.loads(line) for line in open(log, encoding="utf-8")]
events = EventAccumulator(folder, size_guidance={"scalars": 0, "tensors": 0, "images": 0})
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


def shades(png):
    """The pixels of a grayscale PNG of one IDAT chunk without filters, by row."""
    chunks, place = {}, 8
    while place < len(png):
        length, kind = struct.unpack(">I4s", png[place:place + 8])
        chunks[kind] = png[place + 8:place + 8 + length]
        if zlib.crc32(kind + chunks[kind]) != struct.unpack(">I", png[place + 8 + length:place + 12 + length])[0]:
            sys.exit(f"{kind}: wrong CRC")
        place += 12 + length
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    rows = zlib.decompress(chunks[b"IDAT"])
    return [rows[y * (width + 1) + 1:(y + 1) * (width + 1)] for y in range(height)]


images = events.Images("attention/1")
if [image.step for image in images] != [entry["step"] for entry in entries if entry["event"] == "validation"]:
    sys.exit(f"images at {[image.step for image in images]}")
attention = json.load(open(translation, encoding="utf-8"))["attention"]
pixels = shades(images[-1].encoded_image_string)
cell = len(pixels) // len(attention)
if (images[-1].height, images[-1].width) != (len(pixels), len(pixels[0])) or (len(pixels), len(pixels[0])) != (
        cell * len(attention), cell * len(attention[0])):
    sys.exit(f"an image of {len(pixels[0])} x {len(pixels)} for {len(attention[0])} x {len(attention)} weights")
for t, row in enumerate(attention):
    for s, weight in enumerate(row):
        if abs(pixels[t * cell + cell // 2][s * cell + cell // 2] - (255 - 255 * weight)) > 1:
            sys.exit(f"weight {t}, {s} is {weight}, its shade {pixels[t * cell + cell // 2][s * cell + cell // 2]}")
print("agrees")
