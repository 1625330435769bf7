#include "app/command.hpp"
#include "base/kill_point.hpp"

#include <string_view>

extern "C" {
/// Read by jemalloc when it starts (its manual, TUNING). Pages that became free go back after a
/// second instead of ten, without waiting for the next allocation: 36 of 466 MB after 6 million
/// calls, for no time that could be measured.
const char* malloc_conf = "background_thread:true,dirty_decay_ms:1000";
}

int main(int argc, char** argv) {
#ifdef CALLERPRINT_KILL_POINTS
    if (argc == 2 && std::string_view(argv[1]) == "--list-kill-points") {
        base::print_kill_points();
        return 0;
    }
#endif
    return app::run(argc, argv);
}
