using Messaging.Consumers.Runtime;
using Messaging.Contracts.Handlers;
using Messaging.Contracts.Kinds;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Unit.Consumers.Runtime;

public sealed class HandlerRegistryTests
{
    [Test]
    public void A_handler_is_found_by_the_kind_of_its_input()
    {
        var registry = HandlerRegistry.Of([typeof(CountHandler), typeof(Count), typeof(string)]);

        Assert.That(registry.TryGet("unit.count", out var handler), Is.True);
        Assert.That(handler!.HandlerType, Is.EqualTo(typeof(CountHandler)));
        Assert.That(handler.Kind.Timeout, Is.EqualTo(TimeSpan.FromSeconds(7)));
        Assert.That(registry.TryGet("unit.other", out _), Is.False);
    }

    [Test]
    public void One_class_may_handle_several_kinds()
    {
        var registry = HandlerRegistry.Of([typeof(BothHandler)]);

        Assert.That(registry.All.Select(h => h.Kind.Name), Is.EquivalentTo(["unit.count", "unit.spell"]));
    }

    [Test]
    public void What_can_not_be_made_is_not_a_handler()
    {
        Assert.That(HandlerRegistry.Of([typeof(AbstractHandler), typeof(OpenHandler<>)]).All, Is.Empty);
    }

    [Test]
    public void Every_fault_is_named_at_once()
    {
        Assert.That(
            () => HandlerRegistry.Of([typeof(CountHandler), typeof(BothHandler), typeof(NamelessHandler)]),
            Throws.InvalidOperationException
                .With.Message.Contains("Kind 'unit.count' has two handlers").And.Message.Contains(nameof(BothHandler))
                .And.Message.Contains($"{typeof(Nameless)} has no [TaskKind(\"name\")] attribute"));
    }

    [Test]
    public void An_assembly_without_handlers_is_no_worker()
    {
        Assert.That(
            () => HandlerRegistry.Scan([typeof(TaskKindAttribute).Assembly, typeof(TaskKindAttribute).Assembly]),
            Throws.InvalidOperationException.With.Message.Contains("Messaging.Contracts").And.Message.Contains("nothing to run"));
    }

    [TestCase("""{"to":3}""", """{"counted":3}""")]
    [TestCase("""{"to":0}""", """{"counted":0}""")]
    public async Task A_handler_runs_from_bytes_to_bytes(string input, string result)
    {
        var outcome = await InvokeAsync(typeof(CountHandler), "unit.count", input);

        Assert.That(outcome, Is.TypeOf<Returned>());
        Assert.That(System.Text.Encoding.UTF8.GetString(((Returned)outcome).Result.Span), Is.EqualTo(result));
    }

    [Test]
    public async Task An_exception_of_the_records_own_constructor_is_the_inputs_fault()
    {
        var outcome = await InvokeAsync(typeof(CountHandler), "unit.count", """{"to":-1}""");

        Assert.That(outcome, Is.TypeOf<AttemptFailed>());
        Assert.That(((AttemptFailed)outcome).Failure.Code, Is.EqualTo("invalid-input"));
    }

    [Test]
    public async Task A_result_that_can_not_be_written_is_the_handlers_fault()
    {
        var outcome = await InvokeAsync(typeof(LoopHandler), "unit.loop", "{}");

        Assert.That(outcome, Is.TypeOf<AttemptFailed>());
        Assert.That(((AttemptFailed)outcome).Failure.Code, Is.EqualTo("invalid-result"));
    }

    [Test]
    public void A_handler_is_disposed_after_its_attempt_even_if_it_throws()
    {
        DisposedHandler.Disposed = 0;

        Assert.That(async () => await InvokeAsync(typeof(DisposedHandler), "unit.disposed", "{}"), Throws.InstanceOf<NotSupportedException>());
        Assert.That(DisposedHandler.Disposed, Is.EqualTo(1));
    }

    private static async Task<TaskOutcome> InvokeAsync(Type handler, string kind, string input)
    {
        await using var services = new ServiceCollection().BuildServiceProvider();
        HandlerRegistry.Of([handler]).TryGet(kind, out var invoker);
        return await invoker!.InvokeAsync(System.Text.Encoding.UTF8.GetBytes(input), NoContext.Instance, services, CancellationToken.None);
    }

    [TaskKind("unit.count", Timeout = "PT7S")]
    private sealed record Count : ITaskInput<Counted>
    {
        public Count(int to)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(to);
            To = to;
        }

        public int To { get; }
    }

    private sealed record Counted(int CountedTo)
    {
        [System.Text.Json.Serialization.JsonPropertyName("counted")]
        public int CountedTo { get; init; } = CountedTo;
    }

    private sealed class CountHandler : ITaskHandler<Count, Counted>
    {
        public Task<Counted> HandleAsync(Count input, TaskContext context, CancellationToken cancellationToken) => Task.FromResult(new Counted(input.To));
    }

    [TaskKind("unit.spell")]
    private sealed record Spell(string Word) : ITaskInput<string>;

    private sealed class BothHandler : ITaskHandler<Count, Counted>, ITaskHandler<Spell, string>
    {
        public Task<Counted> HandleAsync(Count input, TaskContext context, CancellationToken cancellationToken) => Task.FromResult(new Counted(1));

        public Task<string> HandleAsync(Spell input, TaskContext context, CancellationToken cancellationToken) => Task.FromResult(input.Word);
    }

    private abstract class AbstractHandler : ITaskHandler<Spell, string>
    {
        public abstract Task<string> HandleAsync(Spell input, TaskContext context, CancellationToken cancellationToken);
    }

    private sealed class OpenHandler<T> : ITaskHandler<Spell, string>
    {
        public Task<string> HandleAsync(Spell input, TaskContext context, CancellationToken cancellationToken) => Task.FromResult(typeof(T).Name);
    }

    private sealed record Nameless : ITaskInput<string>;

    private sealed class NamelessHandler : ITaskHandler<Nameless, string>
    {
        public Task<string> HandleAsync(Nameless input, TaskContext context, CancellationToken cancellationToken) => Task.FromResult("");
    }

    [TaskKind("unit.loop")]
    private sealed record Loop : ITaskInput<Ring>;

    private sealed class Ring
    {
        public Ring Next => this;
    }

    private sealed class LoopHandler : ITaskHandler<Loop, Ring>
    {
        public Task<Ring> HandleAsync(Loop input, TaskContext context, CancellationToken cancellationToken) => Task.FromResult(new Ring());
    }

    [TaskKind("unit.disposed")]
    private sealed record DisposedInput : ITaskInput<string>;

    private sealed class DisposedHandler : ITaskHandler<DisposedInput, string>, IDisposable
    {
        public static int Disposed { get; set; }

        public Task<string> HandleAsync(DisposedInput input, TaskContext context, CancellationToken cancellationToken) => throw new NotSupportedException();

        public void Dispose() => Disposed++;
    }
}
