# attnzoo_folder(NAME [DEPENDS FOLDER ...]): library attnzoo_NAME (alias attnzoo::NAME) from NAME/**.cpp, and a program per NAME/programs/*.cpp,
# named after the file. NAME/examples/ holds examples for users; tests build and run them.
function(attnzoo_folder name)
  cmake_parse_arguments(arg "" "" "DEPENDS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${name}/*.cpp)
  set(programs ${sources})
  list(FILTER programs INCLUDE REGEX "/programs/")
  list(FILTER sources EXCLUDE REGEX "/(programs|examples)/")

  add_library(attnzoo_${name} STATIC ${sources})
  add_library(attnzoo::${name} ALIAS attnzoo_${name})
  target_link_libraries(attnzoo_${name} PUBLIC attnzoo::options attnzoo::dependencies)
  foreach(dependency IN LISTS arg_DEPENDS)
    target_link_libraries(attnzoo_${name} PUBLIC attnzoo::${dependency})
  endforeach()
  attnzoo_precompiled_header(attnzoo_${name})
  if(name STREQUAL data)
    attnzoo_split_text(attnzoo_data ${sources})
  endif()

  attnzoo_pages(attnzoo_${name} ${name})

  foreach(program IN LISTS programs)
    cmake_path(GET program STEM target)
    add_executable(${target} ${program})
    target_link_libraries(${target} PRIVATE attnzoo::${name})
    attnzoo_precompiled_header(${target})
    attnzoo_no_hot_code(${target})
  endforeach()
endfunction()

# attnzoo_no_hot_code(TARGET): what runs long is not in TARGET (a test, a program's main file). -O1 compiles such sources in two thirds of -O3's time.
# It shares the precompiled header; -O0 could not.
function(attnzoo_no_hot_code target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

# The only source that knows the project's version.
set_source_files_properties(${CMAKE_SOURCE_DIR}/data/command_line.cpp PROPERTIES COMPILE_DEFINITIONS ATTNZOO_VERSION="${PROJECT_VERSION}")

# Two precompiled headers, each compiled once. Using LibTorch's costs a source 3 s, more than text code takes to parse, so text code has its own.
function(attnzoo_precompiled_header target)
  cmake_parse_arguments(arg "TEXT" "" "" ${ARGN})
  set(header pch)
  if(arg_TEXT)
    set(header pch_text)
  endif()
  if(NOT TARGET attnzoo_${header})
    file(WRITE ${CMAKE_BINARY_DIR}/${header}.cpp "")
    add_library(attnzoo_${header} OBJECT ${CMAKE_BINARY_DIR}/${header}.cpp)
    target_link_libraries(attnzoo_${header} PUBLIC attnzoo::options attnzoo::dependencies)
    target_precompile_headers(attnzoo_${header} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/${header}.h)
  endif()
  target_precompile_headers(${target} REUSE_FROM attnzoo_${header})
  # Five sources compile as one and share the cost of the header and of template instantiations. Larger bundles would make a clean build faster and
  # a rebuild after a change slower. Names in anonymous namespaces must therefore differ within a folder.
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 5)
  # A bundle includes its sources, so g++ takes a source's class with members of anonymous types for a header's.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endfunction()

# The sources of a folder of text code that include LibTorch after all. One that is missing here still compiles, slowly.
set(ATTNZOO_TORCH_IN_TEXT_FOLDERS batch batches batch_stream epoch_plan prepare_stages command_line option_reader device_option batches_test command_line_test parallel_test task_test)
# attnzoo_split_text(TARGET SOURCE ...): compiles those sources of TARGET that do not use LibTorch as an object library with the text header.
function(attnzoo_split_text target)
  set(text ${ARGN})
  foreach(name IN LISTS ATTNZOO_TORCH_IN_TEXT_FOLDERS)
    list(FILTER text EXCLUDE REGEX "/${name}\\.cpp$")
  endforeach()
  set(rest ${ARGN})
  list(REMOVE_ITEM rest ${text})
  add_library(${target}_text OBJECT ${text})
  target_link_libraries(${target}_text PRIVATE $<TARGET_PROPERTY:${target},LINK_LIBRARIES>)
  target_compile_definitions(${target}_text PRIVATE $<TARGET_PROPERTY:${target},COMPILE_DEFINITIONS>)
  attnzoo_precompiled_header(${target}_text TEXT)
  target_compile_options(${target}_text PRIVATE $<TARGET_PROPERTY:${target},COMPILE_OPTIONS>)
  set_target_properties(${target} PROPERTIES SOURCES "${rest};$<TARGET_OBJECTS:${target}_text>")
endfunction()
