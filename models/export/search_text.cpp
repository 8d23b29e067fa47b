#include "models/export/search_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <regex>
#include <vector>

#include "data/special_tokens.h"

namespace attnzoo {
namespace {

// $NAME stands for what depends on the model: $SELECT keeps or repeats the rows `rows` of the state.
constexpr const char* kForward = R"(
def forward(self, source, target):
    $ENCODE
    $START
    steps : List[Tensor] = []
    for t in range(target.size(1)):
        output = self.step($MEMORY, $STATE, target[:, t])
        $NEXT_STATE
        steps.append(output[0])
    return torch.stack(steps, 1)
)";

constexpr const char* kForwardAtOnce = R"(
def forward(self, source, target):
    return self.decode(source, target)[0]
)";

// Most tokens that each sentence may get beyond its prefix, and how many its prefix has.
constexpr const char* kLimits = R"(
def limits(self, source, max_length: int, max_length_ratio: float, min_length: int, prefix: Optional[Tensor]):
    num_tokens = torch.sum(source.ne($PAD), 1)
    limit = torch.full_like(num_tokens, max_length)
    $LIMIT
    given = torch.zeros_like(limit)
    if prefix is not None:
        given = torch.sum(prefix.ne($PAD), 1)
    return limit, given
)";

// The logits with no chance of </s> in the rows where `short` [N, 1] is true.
constexpr const char* kWithoutEnd = R"(
def without_end(self, logits, short):
    end = logits[:, $EOS:$EOS + 1].masked_fill(short, -float("inf"))
    return torch.cat([logits[:, :$EOS], end, logits[:, $EOS + 1:]], 1)
)";

constexpr const char* kGreedy = R"(
def greedy(self, source, max_length: int = 256, max_length_ratio: float = 3., min_length: int = 0, prefix: Optional[Tensor] = None,
           want_attention: bool = False):
    $ENCODE
    $START
    limit, given = self.limits(source, max_length, max_length_ratio, min_length, prefix)
    last = limit + given
    inf = float("inf")
    capacity = int(torch.max(last))
    ids = torch.full_like(limit, $PAD).unsqueeze(1).repeat([1, capacity])
    length = torch.zeros_like(limit)
    log_probability = torch.zeros_like(limit).double()
    attention = torch.zeros([source.size(0), capacity, source.size(1) if want_attention else 0], device=source.device)
    active = torch.cumsum(torch.ones_like(limit), 0) - 1
    previous = torch.full_like(limit, $BOS)
    banned = torch.tensor($BANNED, device=source.device)
    t = 0
    while active.size(0) > 0:
        output = self.step($MEMORY, $STATE, previous)
        $NEXT_STATE
        logits = $LOGITS
        total = torch.logsumexp(logits, 1)
        logits = torch.index_fill(logits, 1, banned, -inf)
        if min_length > 0:
            short = (t - given.index_select(0, active) < min_length).unsqueeze(1)
            logits = self.without_end(logits, short)
        best, token = torch.max(logits, 1)
        gain = best.double() - total.double()
        ended = token.eq($EOS)
        if prefix is not None:
            if t < prefix.size(1):
                forced = given.index_select(0, active) > t
                token = torch.where(forced, prefix[:, t].index_select(0, active), token)
                gain = gain.masked_fill(forced, 0.)
                ended = torch.logical_and(ended, torch.logical_not(forced))
        log_probability.index_add_(0, active, gain)
        if want_attention:
            attention[:, t].index_copy_(0, active, output[1].float())
        ids[:, t].index_copy_(0, active, token.masked_fill(ended, $PAD))
        length.index_add_(0, active, torch.logical_not(ended).long())
        t += 1
        stops = torch.logical_or(ended, last.index_select(0, active) <= t)
        previous = token
        if bool(torch.any(stops)):
            rows = torch.nonzero(torch.logical_not(stops)).squeeze(1)
            active = active.index_select(0, rows)
            previous = previous.index_select(0, rows)
            $SELECT
    longest = int(torch.max(length))
    return ids[:, :longest], length, log_probability, attention[:, :longest + 1]
)";

constexpr const char* kBeam = R"(
def beam(self, source, beam: int = 5, n_best: int = 1, length_penalty: float = 1., max_length: int = 256, max_length_ratio: float = 3.,
         min_length: int = 0, patience: float = 1., prefix: Optional[Tensor] = None, want_attention: bool = False):
    assert beam >= 1 and n_best >= 1 and n_best <= beam, "beam must be at least 1, n_best in 1 .. beam"
    $ENCODE
    $START
    limit, given = self.limits(source, max_length, max_length_ratio, min_length, prefix)
    capacity = int(torch.max(limit + given)) + 1
    banned = torch.tensor($BANNED, device=source.device)
    inf = float("inf")

    result_ids = torch.full_like(limit, $PAD).unsqueeze(1).unsqueeze(2).repeat([1, n_best, capacity])
    result_length = torch.zeros_like(limit).unsqueeze(1).repeat([1, n_best])
    result_log_probability = torch.zeros_like(result_length).double() - inf
    result_score = result_log_probability.clone()
    attention_width = source.size(1) if want_attention else 0
    result_attention = torch.zeros([source.size(0), n_best, capacity, attention_width], device=source.device)

    # Of the sentences not done: the ended hypotheses, best first, and the live ones; -inf stands where there is none.
    active = torch.cumsum(torch.ones_like(limit), 0) - 1
    ended_ids, ended_length, ended_attention = result_ids, result_length, result_attention
    ended_log_probability, ended_score = result_log_probability, result_score
    num_ended = torch.zeros_like(limit)
    live = torch.zeros_like(limit).double().unsqueeze(1)
    live_ids = result_ids[:, :1]
    live_attention = result_attention[:, :1]
    width = 1
    previous = torch.full_like(limit, $BOS)
    t = 0
    while active.size(0) > 0:
        output = self.step($MEMORY, $STATE, previous)
        $NEXT_STATE
        num_active = active.size(0)
        logits = $LOGITS
        total = torch.logsumexp(logits, 1)
        logits = torch.index_fill(logits, 1, banned, -inf)
        num_generated = (t - given).unsqueeze(1)
        if min_length > 0:
            short = (num_generated < min_length).repeat([1, width]).view([-1, 1])
            logits = self.without_end(logits, short)
        num_tokens = min(2 * beam, logits.size(1))
        best, token = torch.topk(logits, num_tokens, 1)
        gain = best.double() - total.double().unsqueeze(1)
        candidates = (live.unsqueeze(2) + gain.view([num_active, width, num_tokens])).view([num_active, width * num_tokens])
        num_candidates = min(2 * beam, width * num_tokens)
        score, place = torch.topk(candidates, num_candidates, 1)
        parent = torch.div(place, num_tokens, rounding_mode="floor")
        token = token.view([num_active, width * num_tokens]).gather(1, place)
        ends = token.eq($EOS)
        if prefix is not None:
            if t < prefix.size(1):
                forced = (given > t).unsqueeze(1)
                only = torch.cat([live[:, :1], torch.zeros_like(score[:, 1:]) - inf], 1)
                score = torch.where(forced, only, score)
                token = torch.where(forced, prefix[:, t].index_select(0, active).unsqueeze(1), token)
                parent = parent.masked_fill(forced, 0)
                ends = torch.logical_and(ends, torch.logical_not(forced))

        # An ending counts only where it would have been kept as a live hypothesis.
        exists = score > -inf
        goes_on = torch.logical_and(exists, torch.logical_not(ends))
        goes_on = torch.logical_and(goes_on, torch.cumsum(goes_on.long(), 1) <= beam)
        ends = torch.logical_and(exists, ends)
        ends = torch.cat([ends[:, :beam], torch.zeros_like(ends[:, beam:])], 1)
        cut = (num_generated + 1 >= limit.unsqueeze(1))
        ends = torch.logical_or(ends, torch.logical_and(goes_on, cut))
        goes_on = torch.logical_and(goes_on, torch.logical_not(cut))

        if bool(torch.any(ends)):
            norm = ((num_generated.double() + 6.) / 6.).clamp_min(0.) ** length_penalty
            index = parent.unsqueeze(2).expand([-1, -1, capacity])
            shown = token.masked_fill(token.eq($EOS), $PAD)
            new_ids = live_ids.gather(1, index)
            new_ids[:, :, t] = shown
            all_score = torch.cat([ended_score, (score / norm).masked_fill(torch.logical_not(ends), -inf)], 1)
            order = torch.argsort(all_score, dim=1, descending=True, stable=True)[:, :n_best]
            ended_score = all_score.gather(1, order)
            ended_log_probability = torch.cat([ended_log_probability, score], 1).gather(1, order)
            new_length = torch.full_like(token, t) + shown.ne($PAD).long()
            ended_length = torch.cat([ended_length, new_length], 1).gather(1, order)
            ended_ids = torch.cat([ended_ids, new_ids], 1).gather(1, order.unsqueeze(2).expand([-1, -1, capacity]))
            if want_attention:
                index = parent.unsqueeze(2).unsqueeze(3).expand([-1, -1, capacity, attention_width])
                new_attention = live_attention.gather(1, index)
                step_attention = output[1].float().view([num_active, width, attention_width])
                new_attention[:, :, t] = step_attention.gather(1, parent.unsqueeze(2).expand([-1, -1, attention_width]))
                index = order.unsqueeze(2).unsqueeze(3).expand([-1, -1, capacity, attention_width])
                ended_attention = torch.cat([ended_attention, new_attention], 1).gather(1, index)
            num_ended = num_ended + torch.sum(ends.long(), 1)

        # The live hypotheses, in the order of the candidates.
        new_width = min(beam, num_candidates)
        order = torch.argsort(torch.logical_not(goes_on).long(), dim=1, stable=True)[:, :new_width]
        live = score.masked_fill(torch.logical_not(goes_on), -inf).gather(1, order)
        parent = parent.gather(1, order)
        token = token.gather(1, order)
        live_ids = live_ids.gather(1, parent.unsqueeze(2).expand([-1, -1, capacity]))
        live_ids[:, :, t] = token
        if want_attention:
            step_attention = output[1].float().view([num_active, width, attention_width])
            live_attention = live_attention.gather(1, parent.unsqueeze(2).unsqueeze(3).expand([-1, -1, capacity, attention_width]))
            live_attention[:, :, t] = step_attention.gather(1, parent.unsqueeze(2).expand([-1, -1, attention_width]))
        t += 1

        # No live hypothesis gains probability; at best it loses none and reaches the greatest length.
        attainable = torch.amax(live, 1) / ((limit.double() + 5.) / 6.) ** length_penalty
        decided = torch.logical_and(num_ended >= n_best, ended_score[:, n_best - 1] >= attainable)
        patient = torch.logical_and(num_ended >= n_best, num_ended >= patience * beam)
        done = torch.logical_or(torch.logical_or(decided, patient), torch.isinf(live[:, 0]))
        first_row = (torch.cumsum(torch.ones_like(num_ended), 0) - 1) * width
        rows = parent + first_row.unsqueeze(1)
        if bool(torch.any(done)):
            out = torch.nonzero(done).squeeze(1)
            to = active.index_select(0, out)
            result_ids.index_copy_(0, to, ended_ids.index_select(0, out))
            result_length.index_copy_(0, to, ended_length.index_select(0, out))
            result_log_probability.index_copy_(0, to, ended_log_probability.index_select(0, out))
            result_score.index_copy_(0, to, ended_score.index_select(0, out))
            result_attention.index_copy_(0, to, ended_attention.index_select(0, out))
            kept = torch.nonzero(torch.logical_not(done)).squeeze(1)
            active = active.index_select(0, kept)
            ended_ids, ended_length = ended_ids.index_select(0, kept), ended_length.index_select(0, kept)
            ended_log_probability, ended_score = ended_log_probability.index_select(0, kept), ended_score.index_select(0, kept)
            ended_attention, live_attention = ended_attention.index_select(0, kept), live_attention.index_select(0, kept)
            num_ended, limit, given = num_ended.index_select(0, kept), limit.index_select(0, kept), given.index_select(0, kept)
            live, live_ids = live.index_select(0, kept), live_ids.index_select(0, kept)
            token, rows = token.index_select(0, kept), rows.index_select(0, kept)
        rows = rows.view([-1])
        previous = token.reshape([-1])
        width = new_width
        if active.size(0) > 0:
            $SELECT
    longest = int(torch.max(result_length))
    result_attention = result_attention[:, :, :longest + 1]
    return result_ids[:, :, :longest], result_length, result_log_probability, result_score, result_attention
)";

constexpr const char* kPredict = R"(
def predict(self, source, n_best: int = 1):
    $ENCODE
    $START
    previous = torch.full_like(s0, $BOS)
    output = self.step($MEMORY, $STATE, previous)
    labels = torch.log_softmax(output[0][:, $NUM_SPECIAL:].float(), 1)
    best, label = torch.topk(labels, min(n_best, labels.size(1)), 1)
    return label + $NUM_SPECIAL, torch.exp(best), output[1]
)";

// The text with every $NAME replaced; one that stands for several lines takes its own line's indentation.
std::string filled_in(const char* pattern, const std::map<std::string, std::string>& values) {
  static const std::regex name("\\$[A-Z_]+");
  const std::string text = pattern;
  std::string result;
  auto from = text.cbegin();
  for (std::sregex_iterator match(text.begin(), text.end(), name), end; match != end; ++match) {
    const auto begin = text.cbegin() + match->position();
    result.append(from, begin);
    from = begin + match->length();
    const size_t line = result.rfind('\n') + 1;
    const auto indentation = result.substr(line, std::min(result.find_first_not_of(' ', line), result.size()) - line);
    for (const char c : values.at(match->str().substr(1))) {
      result += c;
      if (c == '\n') result += indentation;
    }
  }
  return result.append(from, text.cend());
}

// "a0, a1, a2" of the pattern "a{}".
std::string each(size_t count, const char* pattern, const char* between) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < count; ++i) parts.push_back(fmt::format(fmt::runtime(pattern), fmt::arg("i", i), fmt::arg("next", i + 2)));
  return fmt::format("{}", fmt::join(parts, between));
}

}  // namespace

std::string search_text(const SearchTextForm& form) {
  const auto memory = each(form.num_memory, "m{i}", ", "), state = each(form.num_state, "s{i}", ", ");
  const char* limit = "pass";
  if (form.says_label)
    limit = "limit = torch.ones_like(limit)";
  else if (form.reads_source)
    limit =
        "limit = torch.minimum(limit.double(), (num_tokens - 1).clamp_min(0).double() * max_length_ratio + 10.).long()\n"
        "limit = limit.clamp_min(min_length)";
  const std::map<std::string, std::string> values = {
      {"MEMORY", memory},
      {"STATE", state},
      {"ENCODE", "memory = self.encode(source)\n" + each(form.num_memory, "m{i} = memory[{i}]", "\n")},
      {"START", fmt::format("state = self.start({})\n", memory) + each(form.num_state, "s{i} = state[{i}]", "\n")},
      {"NEXT_STATE", each(form.num_state, "s{i} = output[{next}]", "\n")},
      {"SELECT", each(form.num_state, "s{i} = s{i}.index_select(0, rows)", "\n")},
      {"LIMIT", limit},
      {"LOGITS", form.says_label ? fmt::format("torch.constant_pad_nd(output[0][:, {0}:].float(), [{0}, 0], -inf)", kNumSpecialTokens)
                                 : "output[0].float()"},
      {"BANNED", fmt::format("[{}, {}]", kPadId, kBosId)},
      {"PAD", fmt::format("{}", kPadId)},
      {"BOS", fmt::format("{}", kBosId)},
      {"EOS", fmt::format("{}", kEosId)},
      {"NUM_SPECIAL", fmt::format("{}", kNumSpecialTokens)}};
  std::string text;
  for (const char* method : {form.has_decode ? kForwardAtOnce : kForward, kLimits, kWithoutEnd, kGreedy, kBeam})
    text += filled_in(method, values);
  if (form.says_label) text += filled_in(kPredict, values);
  return text;
}

}  // namespace attnzoo
