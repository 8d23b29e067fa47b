// What is checked before a run is resumed: a run may have been copied from elsewhere, or come from somebody else.
#pragma once

#include <filesystem>

#include "data/prepare.h"

namespace attnzoo {

// Whether data is prepared outside the run folder: data.cache names a folder that is not in it.
bool has_outside_cache(const DataConfig& data, const std::filesystem::path& run);

// Throws ConfigError where resuming would write into a folder outside the run that its user has not given to it: neither now
// (`named_by_user`) nor when the run began (data/cache_folder.h). Says what to add to the command.
void check_cache_of_run(const DataConfig& data, const std::filesystem::path& run, bool named_by_user);

// Throws DataError where text of the run is missing, with the settings that say where it is now.
void check_text_of_run(const DataConfig& data, const std::filesystem::path& run);

}  // namespace attnzoo
