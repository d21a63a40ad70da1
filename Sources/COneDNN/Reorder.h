#pragma once
// What convolutions and products share: the engine, changes of layout or type, and errors as messages.
#include <dnnl.hpp>
#include <mutex>
#include <optional>
#include <string>

using namespace dnnl;
using dims = memory::dims;
using format = memory::format_tag;

// Held while code is generated. Where threads do that at the same time, some get code that computes something else (oneDNN 2.6.3,
// its brgemm convolutions with AVX-512); what was generated runs on any thread.
inline std::mutex jd_generating;

namespace {

const engine &cpu() {
    // Our own cache is by shape, before descriptors are made; oneDNN's second one would only keep what ours gives up.
    static const engine instance = [] {
        set_primitive_cache_capacity(0);
        return engine(engine::kind::cpu, 0);
    }();
    return instance;
}

size_t floats(const memory::desc &description) { return (description.get_size() + 63) / 64 * 16; }

// A copy from the layout that we have to the one that the implementation wants, or back.
struct change {
    reorder operation;
    memory::desc from, to, scratchpad;

    change(const memory::desc &from, const memory::desc &to) : from(from), to(to) {
        primitive_attr attributes;
        attributes.set_scratchpad_mode(scratchpad_mode::user);
        reorder::primitive_desc description(cpu(), from, cpu(), to, attributes);
        scratchpad = description.scratchpad_desc();
        operation = reorder(description);
    }

    static std::optional<change> between(const memory::desc &from, const memory::desc &to) {
        if (from == to) return std::nullopt;
        return change(from, to);
    }

    void run(stream &s, const float *source, float *result, float *scratch) const {
        memory a(from, cpu(), const_cast<float *>(source)), b(to, cpu(), result), c(scratchpad, cpu(), scratch);
        operation.execute(s, {{DNNL_ARG_FROM, a}, {DNNL_ARG_TO, b}, {DNNL_ARG_SCRATCHPAD, c}});
    }
};

size_t floats(const std::optional<change> &c) { return c ? floats(c->scratchpad) : 0; }

template <typename Body>
const char *guarded(Body body) {
    thread_local std::string message;
    try {
        stream s(cpu());
        body(s);
        s.wait();
        return nullptr;
    } catch (const std::exception &e) {
        message = e.what();
        return message.c_str();
    }
}

}  // namespace
