"""What `make bench` runs: attnzoo's speed in one table, beside CTranslate2 where it is installed, in turn on the same work.

    bench.py BIN [--quick] [--save] [--repeats N] [--models WORD] [--parts LIST] [--out FOLDER]

Trains two models for ten minutes each (once; they stay in FOLDER/models), then measures decoding in float32 and int8, greedy and with beam 5, by 32 sentences and one by
one; training; preparing text; and one line from the start of the process to its output. A figure is the median of its repeats, with the
spread between the fastest and the slowest. Writes FOLDER/results.json and prints the table. The text is Multi30k: a copy in MULTI30K,
build/multi30k or ../shared/data/multi30k; else Debian's package descriptions, which attnzoo-data imports.

--quick measures attnzoo alone, twice per figure, in under 5 minutes once the models are there, and compares it with the figures that --save kept: a change
of more than 5 % is named. Figures of one machine say nothing about another, and a machine with other work says nothing at all.
"""
import argparse
import gzip
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time

THREADS = 2
TRAIN_SECONDS = 600  # after 200 s a fifth of the translations do not end, and how soon an engine cuts them decides
MAX_LENGTH = 60
MODELS = {
    "transformer 3+3x256": {"family": "transformer", "preset": "small"},
    "attention-gru 512": {"family": "attention-gru", "preset": "small"},
}
root = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"bench.py: {' '.join(command)}\n{done.stderr[-2000:]}")
    return done


def lines_of(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as file:
        return file.read().splitlines()


def find_text(programs, folder):
    """train and test, source and target."""
    for data in [os.environ.get("MULTI30K", ""), f"{root}/build/multi30k", f"{root}/../shared/data/multi30k"]:
        for end in ["", ".gz"]:
            names = [f"{data}/train.en{end}", f"{data}/train.de{end}", f"{data}/test_2016_flickr.en{end}"]
            if all(os.path.exists(name) for name in names):
                return "Multi30k, English to German", names
    data = f"{folder}/debian"
    if not os.path.exists(f"{data}/import.json"):
        run([f"{programs}/attnzoo-data", "import", "debian-descriptions", "--languages", "en,de", "--out", data])
    return "Debian's package descriptions, English to German", [f"{data}/{name}" for name in ["train.en", "train.de", "test.en"]]


def write_recipe(path, model, text, folder, **training):
    recipe = {"data": {"train": {"source": text[0], "target": text[1]}, "tokenizer": {"vocabulary_size": 8000}, "cache": f"{folder}/prepared"},
              "model": model, "train": {"batch": {"batch_tokens": 4096}, "schedule": {"warmup_steps": 300}, **training}}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(recipe, file)
    return path


class Bench:
    def __init__(self, programs, folder, quick, repeats):
        self.programs, self.folder, self.repeats = programs, folder, repeats or (2 if quick else 5)
        self.peers = not quick
        self.results = {}

    def attnzoo(self, program, *arguments, **options):
        return run([f"{self.programs}/attnzoo-{program}", *arguments], **options)

    def add(self, name, unit, values, better="more"):
        median = statistics.median(values)
        self.results[name] = {"median": median, "unit": unit, "better": better, "low": min(values), "high": max(values), "repeats": len(values)}
        print(f"{name:58} {median:10.4g} {unit:14} {100 * (max(values) - min(values)) / median:5.1f} %", flush=True)

    def models(self, text, word):
        for name, model in MODELS.items():
            if word not in name:
                continue
            path = f"{self.folder}/models/{name.replace(' ', '-')}"
            if not os.path.exists(f"{path}/checkpoints/last"):
                print(f"training {name} for {TRAIN_SECONDS} s", file=sys.stderr)
                recipe = write_recipe(f"{self.folder}/recipe.json", model, text, self.folder)
                self.attnzoo("train", recipe, "--run", path, "--threads", str(THREADS), "--max-time", f"{TRAIN_SECONDS}s", "--quiet")
            yield name, model, path

    def decoding(self, name, path, test):
        pieces, engines = f"{self.folder}/test.pieces", {}
        exported = f"{self.folder}/models/{name.replace(' ', '-')}.ct2"
        if self.peers and name.startswith("transformer"):
            try:
                import ctranslate2
                if not os.path.exists(exported):
                    self.attnzoo("export", "--run", path, "--checkpoint", "last", "--format", "ctranslate2", "--out", exported)
                for compute in ["float32", "int8"]:
                    engines[compute] = ctranslate2.Translator(exported, inter_threads=THREADS, intra_threads=1, compute_type=compute)
                self.results["CTranslate2"] = {"version": ctranslate2.__version__}
                import sentencepiece
                model = sentencepiece.SentencePieceProcessor(model_file=f"{exported}/source.spm")
                sentences = [model.encode(line, out_type=str) for line in lines_of(test)]
            except ImportError as problem:
                print(f"bench.py: CTranslate2 is not measured: {problem}", file=sys.stderr)
        few = f"{self.folder}/few"
        with open(few, "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines_of(test)[:200])
        for batch in [32, 1]:
            for beam in [1, 5]:
                rates = {}
                for _ in range(self.repeats):
                    for compute in ["float32", "int8"]:
                        done = self.attnzoo("translate", "--run", path, "--checkpoint", "last", "--input", few if batch == 1 else test, "--output", f"{self.folder}/out",
                                            "--beam", str(beam), "--batch-size", str(batch), "--threads", str(THREADS), "--length-penalty", "0", "--compute", compute,
                                            "--max-length", str(MAX_LENGTH), "--max-length-ratio", "1000")
                        rates.setdefault(("attnzoo", compute), []).append(float(re.search(r"([0-9.]+) tokens/s", done.stderr)[1]))
                    for compute, engine in engines.items():
                        work = sentences[:200] if batch == 1 else sentences
                        begin = time.perf_counter()
                        found = engine.translate_batch(work, beam_size=beam, max_batch_size=batch, length_penalty=0, max_decoding_length=MAX_LENGTH)
                        tokens = sum(len(result.hypotheses[0]) for result in found)
                        rates.setdefault(("CTranslate2", compute), []).append(tokens / (time.perf_counter() - begin))
                for (engine, compute), values in rates.items():
                    self.add(f"{engine}: decode {name}, beam {beam}, batch {batch}, {compute}", "tokens/s", values)

    def training(self, name, model, text):
        rates, of_matmul, shares = [], [], {}
        for repeat in range(self.repeats):
            with tempfile.TemporaryDirectory() as scratch:
                recipe = write_recipe(f"{scratch}/recipe.json", model, text, self.folder, tensorboard=False, max_steps=60, report_every=10)
                done = self.attnzoo("train", recipe, "--run", f"{scratch}/run", "--threads", str(THREADS), "--verbose")
                reports = [json.loads(line) for line in lines_of(f"{scratch}/run/log.jsonl")]
                rates.append(statistics.median(report["target_tokens_per_s"] for report in reports if report.get("event") == "train"))
                of_matmul.append(float(re.search(r"training reached [0-9.]+ GFLOP/s, ([0-9]+)%", done.stderr)[1]))
                seconds = reports[-1]["seconds"]
                for phase, value in seconds.items():
                    shares.setdefault(phase, []).append(100 * value / sum(seconds.values()))
        self.add(f"attnzoo: train {name}, batches of 4096", "tgt tokens/s", rates)
        self.add(f"attnzoo: train {name}, share of the rate of matrix products", "%", of_matmul)
        where = ", ".join(f"{phase} {statistics.median(values):.0f} %" for phase, values in sorted(shares.items(), key=lambda item: -statistics.median(item[1])))
        self.results[f"attnzoo: train {name}, where the time goes"] = {phase: statistics.median(values) for phase, values in shares.items()}
        print(f"  where its time goes: {where}", flush=True)

    def one_line(self, path):
        seconds, memory = [], []
        for _ in range(3 * self.repeats):
            begin = time.perf_counter()
            child = subprocess.Popen([f"{self.programs}/attnzoo-translate", "--run", path, "--checkpoint", "last", "--quiet", "--buffer-lines", "1"],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            child.stdin.write(b"A man in a blue shirt .\n")
            child.stdin.flush()
            child.stdout.readline()
            seconds.append(time.perf_counter() - begin)
            # Not ru_maxrss, which counts what this process held when it started the other.
            memory += [int(line.split()[1]) / 1024 for line in lines_of(f"/proc/{child.pid}/status") if line.startswith("VmHWM")]
            child.communicate()
        self.add("attnzoo: one line, process start to output", "s", seconds, "less")
        self.add("attnzoo: memory of that process", "MB", memory, "less")

    def preparing(self, text):
        rates = []
        lines = len(lines_of(text[0]))
        for _ in range(self.repeats):
            with tempfile.TemporaryDirectory() as scratch:
                recipe = write_recipe(f"{scratch}/recipe.json", MODELS["transformer 3+3x256"], text, scratch)
                begin = time.perf_counter()
                self.attnzoo("data", "prepare", recipe)
                rates.append(lines / (time.perf_counter() - begin))
        self.add("attnzoo: prepare text, learning a tokeniser of 8000 pieces", "pairs/s", rates)

    def matmul(self):
        """What the machine can do, in the shapes of a training step."""
        try:
            import torch
        except ImportError:
            return
        torch.set_num_threads(THREADS)
        x, weight = torch.randn(3800, 256), torch.randn(1024, 256)
        rates = []
        for _ in range(3 * self.repeats):
            begin = time.perf_counter()
            for _ in range(20):
                torch.mm(x, weight.t())
            rates.append(20 * 2e-9 * 3800 * 256 * 1024 / (time.perf_counter() - begin))
        self.add("LibTorch: matrix product 3800x1024x256, float32", "GFLOP/s", rates)


def compare(results, path):
    if not os.path.exists(path):
        return print(f"no figures to compare with: make bench QUICK=1 SAVE=1 keeps these in {path}")
    before, changes = json.load(open(path, encoding="utf-8")), 0
    for name, now in results.items():
        if "median" in now and "median" in before.get(name, {}):
            ratio = now["median"] / before[name]["median"]
            if abs(ratio - 1) > 0.05:
                changes += 1
                print(f"{'better' if (ratio > 1) == (now['better'] == 'more') else 'WORSE '}  {ratio:.2f} times  {name}")
    print(f"{changes} of {len(results)} figures changed by more than 5 %")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--repeats", type=int, help="per figure (default: 5, with --quick 2)")
    parser.add_argument("--models", default="", metavar="WORD", help="only those whose name holds it: transformer, attention-gru")
    parser.add_argument("--parts", default="training,decoding,line,preparing", metavar="LIST", help="what to measure (default: %(default)s)")
    parser.add_argument("--out", default=f"{root}/build/bench")
    options = parser.parse_args()
    os.makedirs(f"{options.out}/models", exist_ok=True)
    if os.getloadavg()[0] > 0.5:
        print(f"bench.py: the machine is not quiet (load {os.getloadavg()[0]:.1f}); figures may be wrong", file=sys.stderr)
    title, text = find_text(options.programs, options.out)
    bench = Bench(options.programs, options.out, options.quick, options.repeats)
    processor = next((line.split(":")[1].strip() for line in lines_of("/proc/cpuinfo") if line.startswith("model name")), platform.processor())
    bench.results["machine"] = {"processor": processor, "threads": THREADS, "text": title}
    print(f"{processor}, {THREADS} threads; {title}\n{'':58} {'median':>10} {'':14} spread")
    bench.matmul()
    for name, model, path in list(bench.models(text, options.models)):
        if "training" in options.parts:
            bench.training(name, model, text)
        if "decoding" in options.parts:
            bench.decoding(name, path, text[2])
        if "line" in options.parts and name.startswith("transformer"):
            bench.one_line(path)
    if "preparing" in options.parts:
        bench.preparing(text)
    if options.quick:
        compare(bench.results, f"{options.out}/saved.json")
    for path in ["results.json"] + (["saved.json"] if options.save else []):
        with open(f"{options.out}/{path}", "w", encoding="utf-8") as file:
            json.dump(bench.results, file, indent=1)


if __name__ == "__main__":
    main()
