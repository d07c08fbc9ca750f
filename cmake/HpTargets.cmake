# The standard headers that most files include, precompiled once for all rooms and programs.
set(HP_PRECOMPILED <algorithm> <array> <chrono> <cstdint> <deque> <functional> <map> <memory> <optional> <span> <string>
    <string_view> <unordered_map> <utility> <variant> <vector> <tl/expected.hpp>)

# Files that take as long as a batch of others (CMAKE_UNITY_BUILD): by themselves, and with less optimising, which none of
# them needs.
function(hp_slow_sources)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON
                              COMPILE_OPTIONS "$<$<CONFIG:RelWithDebInfo>:-O1>")
endfunction()

# hp_rooms(): a static library hp_<room> for each line of lib/LAYERS, all *.cpp in lib/<room>.
# Rooms come in dependency order in LAYERS; a room without sources yet is an interface library.
function(hp_rooms)
  file(STRINGS "${PROJECT_SOURCE_DIR}/lib/LAYERS" lines REGEX "^[a-z0-9]+:")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/lib/LAYERS")
  set(all)
  foreach(line IN LISTS lines)
    string(REGEX MATCH "^([a-z0-9]+):(.*)$" _ "${line}")
    set(room ${CMAKE_MATCH_1})
    string(REGEX MATCHALL "[a-z0-9]+" deps "${CMAKE_MATCH_2}")
    list(TRANSFORM deps PREPEND hp_)
    file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/lib/${room}/*.cpp")
    if(sources)
      add_library(hp_${room} STATIC ${sources})
      set(kind PUBLIC)
      if(room STREQUAL base)
        target_precompile_headers(hp_base PRIVATE ${HP_PRECOMPILED})
      else()
        target_precompile_headers(hp_${room} REUSE_FROM hp_base)
      endif()
    else()
      add_library(hp_${room} INTERFACE)
      set(kind INTERFACE)
    endif()
    target_include_directories(hp_${room} ${kind} "${PROJECT_SOURCE_DIR}/lib")
    target_link_libraries(hp_${room} ${kind} ${deps} ${HP_LIBS_${room}} Threads::Threads)
    list(APPEND all ${room})
  endforeach()
  set_source_files_properties("${PROJECT_SOURCE_DIR}/lib/cli/command.cpp" PROPERTIES
                              COMPILE_DEFINITIONS HP_VERSION="${PROJECT_VERSION}")
  hp_slow_sources(lib/net/boost_impl.cpp lib/net/http_link.cpp lib/net/http_link_tls.cpp lib/net/http_server.cpp
                  lib/sv2/json_show.cpp lib/sv2/json_read.cpp lib/sv2/describe.cpp lib/cli/command.cpp
                  lib/templates/gbt.cpp lib/stats/report.cpp lib/miner/tally.cpp lib/config/rule.cpp)
  set_property(GLOBAL PROPERTY HP_ROOMS ${all})
endfunction()

# hp_commands(): a program for each cmd/hp-*/ folder.
function(hp_commands)
  get_property(rooms GLOBAL PROPERTY HP_ROOMS)
  list(TRANSFORM rooms PREPEND hp_)
  list(REVERSE rooms)
  file(GLOB folders CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/cmd/hp-*")
  set(names)
  foreach(folder IN LISTS folders)
    get_filename_component(name ${folder} NAME)
    file(GLOB sources CONFIGURE_DEPENDS "${folder}/*.cpp")
    if(sources)
      add_executable(${name} ${sources})
      target_link_libraries(${name} PRIVATE ${rooms})
      target_precompile_headers(${name} REUSE_FROM hp_base)
      target_compile_definitions(${name} PRIVATE HP_VERSION="${PROJECT_VERSION}")
      target_compile_options(${name} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1>)  # options and wiring, once a start
      list(APPEND names ${name})
    endif()
  endforeach()
  set_property(GLOBAL PROPERTY HP_COMMANDS ${names})
endfunction()

# hp_crash_programs(ROOMS rooms... COMMANDS commands...): the crash build of these programs, in ${CMAKE_BINARY_DIR}/crash.
# Their rooms that hold HP_CRASH_POINTs are compiled once more, with the points, as hp_<room>_crash; these stand in for
# the plain ones, so every room that uses one of them must be listed, in the order of lib/LAYERS.
function(hp_crash_programs)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "ROOMS;COMMANDS")
  add_library(hp_crash_point STATIC EXCLUDE_FROM_ALL "${PROJECT_SOURCE_DIR}/tests/crash/kill/crash_point.cpp")
  target_include_directories(hp_crash_point PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_compile_definitions(hp_crash_point PUBLIC HP_CRASH_POINTS)
  target_link_libraries(hp_crash_point PUBLIC hp_base)
  set(plain ${arg_ROOMS})
  list(TRANSFORM plain PREPEND hp_)
  set(libraries)
  foreach(room IN LISTS arg_ROOMS)
    get_target_property(sources hp_${room} SOURCES)
    get_target_property(links hp_${room} LINK_LIBRARIES)
    foreach(link IN LISTS links)
      if(link IN_LIST plain)
        list(TRANSFORM links REPLACE "^${link}$" "${link}_crash")
      endif()
    endforeach()
    add_library(hp_${room}_crash STATIC EXCLUDE_FROM_ALL ${sources})
    target_precompile_headers(hp_${room}_crash REUSE_FROM hp_base)
    target_link_libraries(hp_${room}_crash PUBLIC ${links} hp_crash_point)
    target_compile_options(hp_${room}_crash PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1>)  # killed, not timed
    list(PREPEND libraries hp_${room}_crash)
  endforeach()
  add_custom_target(crash_programs)
  foreach(command IN LISTS arg_COMMANDS)
    get_target_property(sources ${command} SOURCES)
    add_executable(${command}_crash EXCLUDE_FROM_ALL ${sources})
    target_link_libraries(${command}_crash PRIVATE ${libraries} hp_cli)
    target_precompile_headers(${command}_crash REUSE_FROM hp_base)
    target_compile_options(${command}_crash PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1>)
    target_compile_definitions(${command}_crash PRIVATE HP_VERSION="${PROJECT_VERSION}")
    set_target_properties(${command}_crash PROPERTIES OUTPUT_NAME ${command}
                                                      RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/crash")
    add_dependencies(crash_programs ${command}_crash)
  endforeach()
endfunction()

# hp_unit_tests(): tests/unit/<room>/*_test.cpp become <room>_test, registered with ctest as unit/<room>.
function(hp_unit_tests)
  # doctest's main and, precompiled, what every test includes. Test code runs once: what optimising it costs a build,
  # no run of it gives back. The rooms keep their flags.
  add_library(hp_test_main STATIC "${PROJECT_SOURCE_DIR}/tests/unit/main.cpp" "${PROJECT_SOURCE_DIR}/tests/unit/precompiled.cpp")
  set_source_files_properties("${PROJECT_SOURCE_DIR}/tests/unit/main.cpp" PROPERTIES SKIP_PRECOMPILE_HEADERS ON
                              SKIP_UNITY_BUILD_INCLUSION ON)
  target_include_directories(hp_test_main PUBLIC "${PROJECT_SOURCE_DIR}/tests/unit")
  target_compile_definitions(hp_test_main PUBLIC HP_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_compile_options(hp_test_main PUBLIC -O0)
  target_link_libraries(hp_test_main PUBLIC nlohmann_json::nlohmann_json Threads::Threads)
  target_precompile_headers(hp_test_main PRIVATE ${HP_PRECOMPILED} <fstream> <nlohmann/json.hpp> <doctest/doctest.h>)
  get_property(rooms GLOBAL PROPERTY HP_ROOMS)
  foreach(room IN LISTS rooms)
    file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/unit/${room}/*_test.cpp")
    if(sources)
      add_executable(${room}_test ${sources})
      if(room MATCHES "^(net|pool|store|sv2)$")  # a Fixture in each file; all message types in each file
        set_target_properties(${room}_test PROPERTIES UNITY_BUILD OFF)
      endif()
      target_link_libraries(${room}_test PRIVATE hp_${room} hp_test_main)
      target_precompile_headers(${room}_test REUSE_FROM hp_test_main)
      add_test(NAME unit/${room} COMMAND ${room}_test)
      set_tests_properties(unit/${room} PROPERTIES LABELS unit TIMEOUT 300)
    endif()
  endforeach()
endfunction()
