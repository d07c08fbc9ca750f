#pragma once

namespace hp {

int check_shares(int argc, char** argv);

}  // namespace hp
