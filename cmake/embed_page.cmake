# cmake -DVIEWER=page.html -DSOURCE=page.cpp -P embed_page.cmake: writes a C++ source that holds the page as one string, its styles and scripts
# inlined, with a content security policy that allows just these (by SHA-256) and no network.
cmake_minimum_required(VERSION 3.24)

cmake_path(GET VIEWER PARENT_PATH folder)
cmake_path(GET VIEWER STEM stem)
file(READ ${VIEWER} page)

# The SHA-256 of a text in base64, as a policy names it. CMake gives hexadecimal digits; three of them are two base64 digits.
function(sha256_base64 text result)
  set(digits "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  string(SHA256 hex "${text}")
  string(APPEND hex "00")
  set(base64 "")
  foreach(begin RANGE 0 63 3)
    string(SUBSTRING ${hex} ${begin} 3 part)
    math(EXPR high "0x${part} >> 6")
    math(EXPR low "0x${part} & 63")
    string(SUBSTRING ${digits} ${high} 1 high)
    string(SUBSTRING ${digits} ${low} 1 low)
    string(APPEND base64 ${high}${low})
  endforeach()
  string(SUBSTRING ${base64} 0 43 base64)
  set(${result} "${base64}=" PARENT_SCOPE)
endfunction()

# inline(REGEX ELEMENT POLICY): replaces every tag that REGEX matches (its first group is the path) by the file's text in <ELEMENT>, and collects the hashes.
function(inline regex element policy)
  set(hashes "")
  while(page MATCHES "${regex}")
    set(tag "${CMAKE_MATCH_0}")
    cmake_path(ABSOLUTE_PATH CMAKE_MATCH_1 BASE_DIRECTORY ${folder} NORMALIZE OUTPUT_VARIABLE part)
    if(NOT EXISTS ${part})
      message(FATAL_ERROR "${VIEWER}: ${CMAKE_MATCH_1}: no such file")
    endif()
    file(READ ${part} text)
    string(TOLOWER "${text}" lower)
    string(FIND "${lower}" "</${element}" end)
    if(NOT end EQUAL -1)
      message(FATAL_ERROR "${part}: contains '</${element}', which would end the element it is inlined in")
    endif()
    sha256_base64("${text}" hash)
    string(APPEND hashes " 'sha256-${hash}'")
    string(REPLACE "${tag}" "<${element}>${text}</${element}>" page "${page}")
  endwhile()
  set(page "${page}" PARENT_SCOPE)
  set(${policy} "${hashes}" PARENT_SCOPE)
endfunction()

inline("<link rel=\"stylesheet\" href=\"([^\"]+)\">" style styles)
inline("<script src=\"([^\"]+)\"></script>" script scripts)

set(policy "default-src 'none'; script-src${scripts}; style-src${styles}; img-src data:; base-uri 'none'; form-action 'none'")
foreach(slot "<meta charset=\"utf-8\">" "<script type=\"application/json\" id=\"data\">null</script>" "<title>[^<]*</title>")
  if(NOT page MATCHES "${slot}")
    message(FATAL_ERROR "${VIEWER}: has no ${slot}")
  endif()
endforeach()
string(REPLACE "<meta charset=\"utf-8\">" "<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"${policy}\">" page "${page}")

set(name "k")
string(REGEX MATCHALL "[a-z0-9]+" words "${stem}")
foreach(word IN LISTS words)
  string(SUBSTRING ${word} 0 1 first)
  string(SUBSTRING ${word} 1 -1 rest)
  string(TOUPPER ${first} first)
  string(APPEND name ${first}${rest})
endforeach()

if(page MATCHES "\\)attnzoo\"")
  message(FATAL_ERROR "${VIEWER}: contains the end mark of the string literal it is stored in")
endif()
file(WRITE ${SOURCE}.new "// Made by cmake/embed_page.cmake from ${VIEWER}.
#include <string_view>

namespace attnzoo::pages {

extern const std::string_view ${name};
const std::string_view ${name} = R\"attnzoo(${page})attnzoo\";

}  // namespace attnzoo::pages
")
file(RENAME ${SOURCE}.new ${SOURCE})
