// --device, the same for every program.
#pragma once

#include <c10/core/Device.h>

#include "data/command_line.h"

namespace attnzoo {

void add_device_option(cxxopts::OptionAdder& options);

// "cpu", "cuda" or "cuda:N". Throws UsageError for other names and for a device that this machine does not have.
c10::Device device_option(const cxxopts::ParseResult& arguments);

}  // namespace attnzoo
