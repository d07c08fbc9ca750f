# Third-party libraries, all from Debian 12, each named once with the room that may use it.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS url)
find_package(CLI11 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)  # of Debian, with fmt outside of it
find_package(nlohmann_json REQUIRED)
find_package(simdjson REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(SECP256K1 REQUIRED IMPORTED_TARGET libsecp256k1)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(TOMLPLUSPLUS REQUIRED IMPORTED_TARGET tomlplusplus)  # the library, not all of it in each file that includes it
pkg_check_modules(PQXX REQUIRED IMPORTED_TARGET libpqxx)
pkg_check_modules(QRENCODE REQUIRED IMPORTED_TARGET libqrencode)
find_file(HP_DYGRAPHS_JS dygraph.min.js PATHS /usr/share/javascript/dygraphs REQUIRED)
find_file(HP_DYGRAPHS_CSS dygraph.min.css PATHS /usr/share/javascript/dygraphs REQUIRED)

# What is no template in Asio and Beast is compiled once, in lib/net/boost_impl.cpp.
set_property(TARGET Boost::headers APPEND PROPERTY INTERFACE_COMPILE_DEFINITIONS BOOST_ASIO_SEPARATE_COMPILATION
             BOOST_BEAST_SEPARATE_COMPILATION)

set(HP_LIBS_base nlohmann_json::nlohmann_json Boost::headers $<LINK_ONLY:Boost::url> simdjson::simdjson)
set(HP_LIBS_crypto PkgConfig::SODIUM PkgConfig::SECP256K1 OpenSSL::Crypto)
set(HP_LIBS_wire simdjson::simdjson)
set(HP_LIBS_sv1 simdjson::simdjson)
set(HP_LIBS_cashu simdjson::simdjson)
set(HP_OWN_LIBS_config PkgConfig::TOMLPLUSPLUS)
set(HP_LIBS_mining fmt::fmt)
set(HP_LIBS_log fmt::fmt spdlog::spdlog)
set(HP_LIBS_store PkgConfig::SQLITE)
set(HP_LIBS_audit OpenSSL::Crypto)
set(HP_LIBS_net OpenSSL::SSL)
set(HP_LIBS_cli CLI11::CLI11)
set(HP_LIBS_stats simdjson::simdjson PkgConfig::PQXX)
set(HP_LIBS_web PkgConfig::QRENCODE)
