// hp-mint's verbs, each with its own options.
#pragma once

namespace hp {

/// hp-mint accept-rollback: go on with a database that is behind its mark.
int accept_rollback(int argc, char** argv);

}  // namespace hp
