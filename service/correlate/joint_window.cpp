#include "correlate/joint_window.hpp"

namespace correlate {

std::uint64_t JointWindow::sum() const noexcept {
    std::uint64_t sum = 0;
    for (std::size_t rule = 0; rule < weights_->size(); ++rule) {
        if (hits_.present(rule)) sum += (*weights_)[rule];
    }
    return sum;
}

double JointWindow::value() const {
    return static_cast<double>(sum());
}

void JointWindow::held(std::vector<std::uint32_t>& out) const {
    for (std::uint32_t rule = 0; rule < weights_->size(); ++rule) {
        if (hits_.present(rule)) out.push_back(rule);
    }
}

}  // namespace correlate
