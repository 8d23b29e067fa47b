// What a model is trained for, and with it the form of its text: pairs of sentences, texts with a label, or running text.
#pragma once

#include <string>
#include <vector>

namespace attnzoo {

enum class Task {
  kTranslation,     // and summarisation: the same path, another name in reports
  kClassification,  // the target of a pair is a label: one token, known or not, and no </s>
  kLanguageModel    // the text is the target; there is no source
};

// What a recipe's "task" may say.
inline const std::vector<std::string> kTaskNames = {"translation", "summarisation", "classification", "language-model"};
inline Task task_named(const std::string& name) {
  return name == "classification" ? Task::kClassification : name == "language-model" ? Task::kLanguageModel : Task::kTranslation;
}

// What one item of the text is called.
inline const char* item_of(Task task) { return task == Task::kTranslation ? "pair" : "text"; }

}  // namespace attnzoo
