# attnzoo::torch: LibTorch >= 2.6 as imported libraries, from the first of: what the user names (-DATTNZOO_LIBTORCH=DIR, the environment's
# ATTNZOO_LIBTORCH, CMAKE_PREFIX_PATH), a .venv in the checkout, the system. Stock find_package(Torch) fails on a CUDA build without the CUDA
# toolkit, though linking needs only the libraries.
set(ATTNZOO_LIBTORCH "" CACHE PATH "LibTorch's folder, which has include/torch and lib/libtorch.so")
file(GLOB attnzoo_venv_torch ${CMAKE_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch)

set(attnzoo_named ${ATTNZOO_LIBTORCH} $ENV{ATTNZOO_LIBTORCH})
if(attnzoo_named)
  set(attnzoo_search PATHS ${attnzoo_named} NO_DEFAULT_PATH)
else()
  set(attnzoo_search HINTS ${CMAKE_PREFIX_PATH} ${attnzoo_venv_torch})
endif()
find_path(LIBTORCH_INCLUDE_DIR torch/headeronly/version.h torch/csrc/api/include/torch/version.h PATH_SUFFIXES include ${attnzoo_search})
find_library(LIBTORCH_LIBRARY torch PATH_SUFFIXES lib lib64 ${attnzoo_search})
find_library(LIBTORCH_CPU_LIBRARY torch_cpu PATH_SUFFIXES lib lib64 ${attnzoo_search})
find_library(LIBC10_LIBRARY c10 PATH_SUFFIXES lib lib64 ${attnzoo_search})
if(NOT LIBTORCH_INCLUDE_DIR OR NOT LIBTORCH_CPU_LIBRARY OR NOT LIBC10_LIBRARY)
  message(FATAL_ERROR "attnzoo needs LibTorch >= 2.6, and none was found. Install it into this checkout with:\n"
    "  python3 -m venv .venv && .venv/bin/pip install torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu\n"
    "or name your own with -DATTNZOO_LIBTORCH=DIR (DIR/include/torch and DIR/lib/libtorch.so).")
endif()

# The version is in torch/headeronly/version.h since 2.8, before that in the API's version.h.
set(version_header ${LIBTORCH_INCLUDE_DIR}/torch/headeronly/version.h)
if(NOT EXISTS ${version_header})
  set(version_header ${LIBTORCH_INCLUDE_DIR}/torch/csrc/api/include/torch/version.h)
endif()
file(STRINGS ${version_header} version_lines REGEX "define TORCH_VERSION_M(AJ|IN)OR ")
string(REGEX REPLACE ".*MAJOR ([0-9]+).*MINOR ([0-9]+).*" "\\1.\\2" LIBTORCH_VERSION "${version_lines}")
if(LIBTORCH_VERSION VERSION_LESS 2.6)
  message(FATAL_ERROR "LibTorch ${LIBTORCH_VERSION} in ${LIBTORCH_INCLUDE_DIR} is too old; attnzoo needs 2.6 or newer.")
endif()
message(STATUS "LibTorch ${LIBTORCH_VERSION}: ${LIBTORCH_CPU_LIBRARY}")

add_library(attnzoo_torch INTERFACE)
add_library(attnzoo::torch ALIAS attnzoo_torch)
target_include_directories(attnzoo_torch SYSTEM INTERFACE ${LIBTORCH_INCLUDE_DIR} ${LIBTORCH_INCLUDE_DIR}/torch/csrc/api/include)
cmake_path(GET LIBTORCH_CPU_LIBRARY PARENT_PATH libtorch_dir)
target_link_libraries(attnzoo_torch INTERFACE ${LIBTORCH_LIBRARY} ${LIBTORCH_CPU_LIBRARY} ${LIBC10_LIBRARY})
# With a CUDA build, its libraries are linked too; the linker would drop them, since nothing refers to them by name.
find_library(LIBTORCH_CUDA_LIBRARY torch_cuda PATHS ${libtorch_dir} NO_DEFAULT_PATH)
find_library(LIBC10_CUDA_LIBRARY c10_cuda PATHS ${libtorch_dir} NO_DEFAULT_PATH)
if(LIBTORCH_CUDA_LIBRARY AND LIBC10_CUDA_LIBRARY)
  target_link_libraries(attnzoo_torch INTERFACE -Wl,--no-as-needed ${LIBTORCH_CUDA_LIBRARY} ${LIBC10_CUDA_LIBRARY} -Wl,--as-needed)
  target_compile_definitions(attnzoo_torch INTERFACE ATTNZOO_WITH_CUDA)
endif()
target_link_options(attnzoo_torch INTERFACE -Wl,-rpath,${libtorch_dir})
