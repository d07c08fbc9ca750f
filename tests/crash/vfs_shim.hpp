// Puts the disks of vfs_disk.hpp under SQLite and under lib/store's own file calls.
#pragma once

namespace hp::crash {

/// Makes the shim SQLite's default VFS. First thing in main(). Files outside a Disk are left alone. Programs
/// that use it link with kWrapped of tests/CMakeLists.txt (--wrap=fsync and others).
void install_vfs_shim();

}  // namespace hp::crash
