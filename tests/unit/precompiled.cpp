// CMake computes a precompiled header only for a target with a source that uses it; main.cpp must not, since
// it holds doctest's implementation.
