#include "app/command.hpp"

int main(int argc, char** argv) {
    return app::run(argc, argv);
}
