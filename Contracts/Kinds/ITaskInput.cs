namespace Messaging.Contracts.Kinds;

/// <summary>
/// Marks a record as the input of a task kind and names the record that its handler returns.
/// The record also carries a <see cref="TaskKindAttribute"/>.
/// </summary>
/// <typeparam name="TResult">What the handler returns; serialised as the task's result.</typeparam>
public interface ITaskInput<TResult>;
