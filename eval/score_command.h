// attnzoo-eval score: how probable a model finds given translations, labels or text, line by line.
#pragma once

namespace attnzoo {

// The command, whose name is argv[0]. Returns the exit status.
int run_score(int argc, char** argv);

}  // namespace attnzoo
