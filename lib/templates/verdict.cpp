#include "templates/verdict.hpp"

namespace hp::templates {

std::string_view text_of(Fate fate) {
    switch (fate) {
        case Fate::accepted:
            return "accepted";
        case Fate::side_branch:
            return "side-branch";
        case Fate::rejected:
            return "rejected";
        case Fate::undelivered:
            break;
    }
    return "undelivered";
}

Answer answer_from_word(std::string_view word) {
    if (word.empty()) return Answer::taken;
    if (word == "duplicate" || word.starts_with("rejected: already have block")) return Answer::known;
    if (word == "inconclusive" || word == "duplicate-inconclusive") return Answer::unsettled;
    return Answer::refused;
}

}  // namespace hp::templates
